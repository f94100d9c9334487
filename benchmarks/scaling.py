#!/usr/bin/env python3
"""Works out how long AWQ of a Llama takes on some cores: scaling.py [--model 8B|70B|405B|bench] [--cores 1,4,16,64,500] [...]

Rates are those of docs/performance.md (a core of a Zen 4); the cost of a task, the reduction's rate and the start are
measured by benchmarks/scaling.sh. docs/scaling.md says what is modelled and what is not. Standard library alone.
"""

import argparse
import math

# Name: hidden size, key channels, feed-forward, layers, vocabulary.
MODELS = {
    "bench": (2048, 256, 5632, 8, 320),
    "8B": (4096, 1024, 14336, 32, 128256),
    "70B": (8192, 1024, 28672, 80, 128256),
    "405B": (16384, 1024, 53248, 126, 128256),
}

WEIGHTS_A_BLOCK = 4 << 20  # of rows that are rounded by one task
PART = 64 << 20
GRAM_BLOCK = 384


class Rates:
    """Seconds an operation of one core, and what Spark costs."""

    def __init__(self, args):
        self.product = 1 / (args.gflops * 1e9)
        # Losses of scales are products with few terms each, and no faster on a core whose long products are.
        self.loss = 1 / 63e9
        self.factor = 1.5e-11
        self.feedback = 4.2e-11
        self.task = args.task
        self.stage = args.stage
        self.reduced_byte = 1 / (args.reduction * 1e6)
        self.start = args.start


def linears(model):
    """Of a layer: outputs, inputs, and which input it reads."""
    hidden, keys, forward, _, _ = model
    return [
        (hidden, hidden, "attn"), (keys, hidden, "attn"), (keys, hidden, "attn"), (hidden, hidden, "attn_out"),
        (forward, hidden, "ffn"), (forward, hidden, "ffn"), (hidden, forward, "ffn_down"),
    ]


def inputs(model):
    return {name: channels for _, channels, name in linears(model)}


def stage(tasks, seconds, cores, rates, several_cores=False):
    """Tasks of some seconds each, given as (count, seconds): longest first, the driver hands them out one by one.

    Where there are fewer tasks than cores, several_cores lets one use what is left (spark.task.cpus, stage-level resources).
    """
    total = sum(count * each for count, each in seconds)
    longest = max(each for _, each in seconds)
    if several_cores and tasks < cores:
        work = longest * tasks / cores
    elif len(seconds) == 1:
        work = math.ceil(tasks / cores) * longest
    else:
        work = max(longest, total / cores)
    return max(work, tasks * rates.task) + rates.stage


def phases(model, tokens, groups, cores, rates):
    layers = model[3]
    weights = sum(o * i for o, i, _ in linears(model))
    grams = sum(c * c for c in inputs(model).values())
    # A layer's pass, then its Gram matrices are added up, then the states are kept: a barrier each, layer after layer.
    layer = tokens * (2 * weights + grams) * rates.product
    passes = stage(groups, [(groups, layer / groups)], cores, rates, several_cores=True)
    moved = groups * sum(2 * c * (c + GRAM_BLOCK) for c in inputs(model).values())
    parts = max(1, round(moved / groups / PART))
    busy = min(cores, parts)
    reduction = moved * rates.reduced_byte * (0.5 / min(cores, groups) + 0.5 / busy) + 2 * rates.stage
    yield "calibration", layers * (passes + reduction + rates.stage)

    # A task an input of a layer: 40 candidates on an eighth of 512 rows, 10 on half, 3 on all, and two losses of all rows.
    search = {}
    for outputs, channels, name in linears(model):
        rows = 13 * min(512, outputs) + 2 * outputs
        search[name] = search.get(name, 0) + rows * channels * channels * rates.loss
    yield "scales", stage(layers * len(search), [(layers, each) for each in search.values()], cores, rates)

    factors = [(layers, c**3 * rates.factor) for c in inputs(model).values()]
    yield "factors", stage(layers * len(factors), factors, cores, rates, several_cores=True)

    rounding = [(layers * max(1, o * i // WEIGHTS_A_BLOCK), o * i / max(1, o * i // WEIGHTS_A_BLOCK) * i * rates.feedback)
                for o, i, _ in linears(model)]
    count = sum(n for n, _ in rounding)
    yield "rounding", stage(count, rounding, cores, rates) + stage(count, [(count, 0)], cores, rates)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="8B")
    parser.add_argument("--cores", default="1,4,16,64,500")
    parser.add_argument("--tokens", type=int, default=128 * 512)
    parser.add_argument("--groups", type=int, default=16)
    parser.add_argument("--gflops", type=float, default=63, help="matrix products of one core in a pass")
    parser.add_argument("--task", type=float, default=0.0012, help="seconds that a task costs the driver")
    parser.add_argument("--stage", type=float, default=0.1, help="seconds from the last task of a stage to the next one's first")
    parser.add_argument("--reduction", type=float, default=250, help="MB/s a core that Gram matrices are moved and added at")
    parser.add_argument("--start", type=float, default=8)
    args = parser.parse_args()
    rates = Rates(args)
    print("| cores | calibration | scales | factors | rounding | in all | efficiency |")
    print("|---|---|---|---|---|---|---|")
    one = rates.start + sum(s for _, s in phases(MODELS[args.model], args.tokens, args.groups, 1, rates))
    for cores in map(int, args.cores.split(",")):
        seconds = [s for _, s in phases(MODELS[args.model], args.tokens, args.groups, cores, rates)]
        total = sum(seconds) + rates.start
        cells = [f"{s:.0f} s" if s < 600 else f"{s / 60:.0f} min" if s < 36000 else f"{s / 3600:.1f} h" for s in [*seconds, total]]
        print("| " + " | ".join([str(cores), *cells, f"{one / total / cores:.2f}"]) + " |")


if __name__ == "__main__":
    main()
