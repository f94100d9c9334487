/** Conversations as the text that a model was taught to continue, by the chat template of its checkpoint. */
package io.nightshift.formats.chat;
