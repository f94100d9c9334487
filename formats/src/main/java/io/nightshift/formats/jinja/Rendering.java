package io.nightshift.formats.jinja;

import java.time.LocalDateTime;

/** What the parts of one rendering share. */
final class Rendering {
    private final LocalDateTime now;
    int calls;

    Rendering(LocalDateTime now) {
        this.now = now;
    }

    LocalDateTime now() {
        return now;
    }
}
