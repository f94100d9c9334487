package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Names of tensors of a model that was saved within a wrapper: with a prefix, or with a word more in the middle. */
final class WrappedNames {
    /** What a wrapper puts into names, and how to get rid of it. */
    private record Wrapper(String part, String remedy) {}

    /** A part that ends like another one stands before it. */
    private static final List<Wrapper> WRAPPERS = List.of(
            new Wrapper("base_model.model.", "PEFT's wrapper: merge the adapter and unload it (merge_and_unload)"),
            new Wrapper("_orig_mod.", "that of torch.compile: take model._orig_mod"),
            new Wrapper("_fsdp_wrapped_module.", "that of FullyShardedDataParallel: save a full state dict"),
            new Wrapper("_checkpoint_wrapped_module.", "that of activation checkpointing: save the model without it"),
            new Wrapper("_forward_module.", "that of Lightning's Fabric: save the model itself"),
            new Wrapper("module.", "that of DataParallel: take model.module"));

    private WrappedNames() {}

    /**
     * The refusal of a checkpoint in which a tensor is there, but wrapped.
     *
     * @param wanted the tensor's name
     * @param names of all tensors
     */
    static Optional<InvalidModelException> refusal(String location, String wanted, Collection<String> names) {
        for (String name : names) {
            if (name.length() <= wanted.length()) {
                continue;
            }
            String plain = name;
            Wrapper found = null;
            for (Wrapper wrapper : WRAPPERS) {
                if (plain.contains(wrapper.part())) {
                    plain = plain.replace(wrapper.part(), "");
                    found = wrapper;
                }
            }
            if (found != null && plain.equals(wanted)) {
                return Optional.of(refusal(location, name, found.part(), found.remedy()));
            }
            if (name.endsWith("." + wanted)) {
                return Optional.of(refusal(location, name, name.substring(0, name.length() - wanted.length()),
                        "not this architecture's: save the model without what it is wrapped in"));
            }
        }
        return Optional.empty();
    }

    private static InvalidModelException refusal(String location, String name, String wrapper, String remedy) {
        return new InvalidModelException(location + ": tensor " + Printable.name(name) + " bears \""
                + Printable.name(wrapper) + "\", " + remedy + ", and save it again with save_pretrained");
    }

    /** The refusal of a checkpoint that has adapters beside the weights that they change. */
    static Optional<InvalidModelException> refusalOfAdapters(String location, List<String> unused) {
        return unused.stream()
                .filter(name -> name.contains(".lora_A.") || name.contains(".lora_B.") || name.contains(".lora_magnitude"))
                .findFirst()
                .map(name -> new InvalidModelException(location + ": tensor " + Printable.name(name)
                        + " belongs to a LoRA adapter that is not merged: merge it (merge_and_unload of PEFT) and save"
                        + " the model again"));
    }
}
