"""Writes a model of random numbers that a real llama-server can load: `python tiny_gguf.py OUT [FILLS]` (needs gguf and numpy).

It answers with printable nonsense and ends its turn now and then. Nothing is downloaded: a seed makes all of it.
FILLS is the same model with the tokens that a server needs to fill gaps in a text.
"""

from __future__ import annotations

import sys

import gguf  # not installed with the development tools; the CI script has an environment for it
import numpy as np

WIDTH, HEADS, HIDDEN, LAYERS, WINDOW = 64, 4, 128, 2, 16_384
CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CALL = ("<tool_call>", "</tool_call>")
GAP = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
"""Known to llama.cpp by their names; a vocabulary without them fills no gaps."""
TEMPLATE = """
{%- for message in messages %}<|im_start|>{{ message.role }}
{%- if loop.first and tools %}
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}
Call with <tool_call>{"name": <function-name>, "arguments": <args-json-object>}</tool_call>
{%- endif %}
{{ message.content or "" }}
{%- for call in message.tool_calls or [] %}
<tool_call>{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}</tool_call>
{%- endfor %}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def alphabet() -> list[str]:
    """A printable character for every byte, as byte-level vocabularies write them."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


def vocabulary(gap: tuple[str, ...]) -> tuple[list[str], list[int], list[str]]:
    """Tokens, their types, and merges."""
    letters = alphabet()
    merges = ["t h", "th e", "i n", "a n", "e r", f"{letters[32]} t", f"{letters[32]} a"]
    plain = [*letters, *(merge.replace(" ", "") for merge in merges)]
    types = [gguf.TokenType.NORMAL] * len(plain)
    types += [gguf.TokenType.CONTROL] * len(CONTROL) + [gguf.TokenType.USER_DEFINED] * len(CALL)
    types += [gguf.TokenType.CONTROL] * len(gap)
    return [*plain, *CONTROL, *CALL, *gap], types, merges


def write(path: str, gap: tuple[str, ...]) -> None:
    """Make the file. `gap` are the tokens around a gap."""
    tokens, types, merges = vocabulary(gap)
    out = gguf.GGUFWriter(path, "llama")
    out.add_name("tiny")
    out.add_context_length(WINDOW)
    out.add_embedding_length(WIDTH)
    out.add_block_count(LAYERS)
    out.add_feed_forward_length(HIDDEN)
    out.add_head_count(HEADS)
    out.add_head_count_kv(HEADS)
    out.add_rope_dimension_count(WIDTH // HEADS)
    out.add_layer_norm_rms_eps(1e-5)
    out.add_vocab_size(len(tokens))
    out.add_file_type(gguf.LlamaFileType.ALL_F32)
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("gpt-2")
    out.add_token_list(tokens)
    out.add_token_types(types)
    out.add_token_merges(merges)
    out.add_bos_token_id(tokens.index(CONTROL[0]))
    out.add_eos_token_id(tokens.index(CONTROL[2]))
    out.add_add_bos_token(False)
    out.add_chat_template(TEMPLATE)
    for name, tensor in tensors(tokens).items():
        out.add_tensor(name, tensor)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def tensors(tokens: list[str]) -> dict[str, np.ndarray]:
    """Random weights. The first number of every embedding is a constant, so that the first column of the output's
    weights is a bias: it forbids what is not printable and makes the end of a turn somewhat likely."""
    random = np.random.default_rng(11)

    def noise(*shape: int, by: float = 0.05) -> np.ndarray:
        return (random.standard_normal(shape) * by).astype(np.float32)

    count = len(tokens)
    embedding, output = noise(count, WIDTH, by=0.5), noise(count, WIDTH, by=1.2)
    embedding[:, 0] = 8.0
    output[:, 0] = -20.0
    output[[*range(32, 127), *range(256, tokens.index(CONTROL[0]))], 0] = 0.0
    output[tokens.index(CONTROL[2]), 0] = -0.15
    one = np.ones(WIDTH, np.float32)
    made = {"token_embd.weight": embedding, "output_norm.weight": one, "output.weight": output}
    for layer in range(LAYERS):
        start = f"blk.{layer}."
        made |= {f"{start}attn_norm.weight": one, f"{start}ffn_norm.weight": one}
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            made[f"{start}{part}.weight"] = noise(WIDTH, WIDTH, by=0.12)
        made[f"{start}ffn_gate.weight"] = noise(HIDDEN, WIDTH)
        made[f"{start}ffn_up.weight"] = noise(HIDDEN, WIDTH)
        made[f"{start}ffn_down.weight"] = noise(WIDTH, HIDDEN)
    return made


if __name__ == "__main__":
    write(sys.argv[1], ())
    if len(sys.argv) > 2:
        write(sys.argv[2], GAP)
