package io.nightshift.jobs.robustness;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/** Damages safetensors files: as bytes, and within the JSON of the header, whose length is then set right again. */
record SafetensorsDamage() implements Damage.Damager {
    @Override
    public Damage damage(byte[] content, Random random, int number) {
        int length = (int) ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (number % 2 == 0) {
            return new BinaryDamage(Long.BYTES + length, true).damage(content, random, number / 2);
        }
        byte[] header = Arrays.copyOfRange(content, Long.BYTES, Long.BYTES + length);
        Damage json = JsonDamage.ofOptionalValues().damage(header, random, number / 2);
        ByteBuffer damaged = ByteBuffer.allocate(Long.BYTES + json.content().length + content.length - Long.BYTES - length)
                .order(ByteOrder.LITTLE_ENDIAN);
        damaged.putLong(json.content().length).put(json.content())
                .put(content, Long.BYTES + length, content.length - Long.BYTES - length);
        return new Damage("header: " + json.kind(), json.detail(), damaged.array(), json.fatal());
    }
}
