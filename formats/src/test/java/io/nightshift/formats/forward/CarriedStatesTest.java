package io.nightshift.formats.forward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CarriedStatesTest {
    /** Three tokens, the first and the last of which are the same; two numbers a layer, and three channels of keys. */
    private static CarriedStates carried(float first) {
        float[] inputs = {first, first + 1, first + 2, first + 3};
        return new CarriedStates(new PerLayerInputs(2, new int[] {1, 0, 1}, 4, List.of(inputs, inputs.clone())),
                Map.of(1, new float[] {1, 1, 1, 2, 2, 2, 3, 3, 3}));
    }

    @Test
    void whatIsCutApartAndJoinedIsTheSame() {
        CarriedStates all = carried(0);
        CarriedStates joined = CarriedStates.joined(List.of(all.ofTokens(0, 2, 3), all.ofTokens(2, 3, 3)));
        assertArrayEquals(all.keys().get(1), joined.keys().get(1));
        assertArrayEquals(new int[] {1, 0, 1}, joined.inputs().rows());
        assertSame(all.inputs().of(5), joined.inputs().of(5));
        assertArrayEquals(new float[] {3, 3, 3}, all.ofTokens(2, 3, 3).keys().get(1));
    }

    @Test
    void tokensThatWereNeverTogetherKeepTheirOwnInputs() {
        CarriedStates joined = CarriedStates.joined(List.of(carried(0).ofTokens(1, 2, 3), carried(10)));
        PerLayerInputs inputs = joined.inputs();
        assertArrayEquals(new int[] {0, 3, 2, 3}, inputs.rows());
        assertArrayEquals(new float[] {0, 1, 2, 3, 10, 11, 12, 13}, inputs.of(4));
        assertEquals(4 * 3, joined.keys().get(1).length);
    }

    @Test
    void inputsOfLayersThatAreBehindAreDropped() {
        PerLayerInputs behind = carried(0).inputs().behind(4);
        assertEquals(5, behind.firstLayer());
        assertEquals(1, behind.ofLayers().size());
        assertTrue(behind.behind(5).ofLayers().isEmpty());
    }
}
