/**
 * The part of Jinja2 that chat templates are written in, with the settings and additions of transformers: a template in,
 * a text out, the same characters as Python gives. What is not rendered alike is refused. Knows nothing of models and
 * chats.
 */
package io.nightshift.formats.jinja;
