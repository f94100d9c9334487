/** What a model says about itself: the {@code general.*} keys, from its card, its configuration and its folder's name. */
package io.nightshift.formats.modelcard;
