/** The {@code general.*} keys: what a model's card, its configuration and its folder's name say about it. */
package io.nightshift.formats.modelcard;
