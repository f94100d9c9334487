package io.nightshift.formats.chat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** For tests of the package of templates. */
public final class JsonValuesAccess {
    private JsonValuesAccess() {}

    /** See {@link JsonValues#map}. */
    public static Map<String, Object> map(JsonNode object) {
        return JsonValues.map(object);
    }
}
