"""Classes that come with checkpoints and that the converter runs, as code of our own: they answer what it asks, and no more."""

# Kimi K2: ranks, and special tokens by the names of tokenizer_config.json.
KIMI_CLASS = """
from types import SimpleNamespace
from tiktoken.load import load_tiktoken_bpe
from transformers import PreTrainedTokenizer


class TikTokenTokenizer(PreTrainedTokenizer):
    vocab_files_names = {"vocab_file": "tiktoken.model"}

    def __init__(self, vocab_file, added_tokens_decoder=None, **more):
        ranks = load_tiktoken_bpe(vocab_file)
        self.model = SimpleNamespace(_mergeable_ranks=ranks)
        named = {i: token.content for i, token in (added_tokens_decoder or {}).items()}
        self.special_tokens = {named.get(i, f"<|reserved_token_{i}|>"): i for i in range(len(ranks), len(ranks) + 256)}
        super().__init__(**more)

    @property
    def vocab_size(self):
        return len(self.get_vocab())

    def get_vocab(self):
        return dict(self.special_tokens)

    def encode(self, text, **more):
        return [0]

    def _convert_token_to_id(self, token):
        return self.special_tokens[token]
"""

# Hunyuan: ranks, and behind them special tokens by names of its own. Its class wants 127957 ranks; ours takes a cut-down file.
HUNYUAN_CLASS = """
from tiktoken.load import load_tiktoken_bpe
from transformers import PreTrainedTokenizer

NAMES = ["endoftext", "startoftext", "bos", "eos", "pad"] + ["extra_%d" % i for i in range(205)]


class HYTokenizer(PreTrainedTokenizer):
    vocab_files_names = {"vocab_file": "hy.tiktoken"}

    def __init__(self, vocab_file, **more):
        self.mergeable_ranks = load_tiktoken_bpe(vocab_file)
        first = len(self.mergeable_ranks)
        self.special_tokens = {"<|%s|>" % name: first + i for i, name in enumerate(NAMES)}
        super().__init__(**more)

    @property
    def vocab_size(self):
        return len(self.mergeable_ranks) + len(self.special_tokens)

    def get_vocab(self):
        return dict(self.special_tokens)

    def encode(self, text, **more):
        return [0]

    def _convert_token_to_id(self, token):
        return self.special_tokens[token]
"""
