"""BERT embeddings of sentences and their cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError
from mien.text import encoder

SENTENCES = ["the brows are lowered", "the lip corners are pulled up", "the brows are drawn down"]


@pytest.fixture(autouse=True)
def _fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path))


def test_like_sentences_lie_near_each_other() -> None:
    vectors = encoder.embed(SENTENCES)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert vectors.shape == (3, 384) and vectors.dtype == np.float32
    assert unit[0] @ unit[2] > unit[0] @ unit[1]


def test_equals_the_model_called_by_hand() -> None:
    import torch
    import transformers

    folder = encoder.locate()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    bert = transformers.BertModel.from_pretrained(folder).eval()
    with torch.no_grad():
        hidden = bert(**tokenizer(SENTENCES[0], return_tensors="pt")).last_hidden_state
    np.testing.assert_allclose(encoder.embed(SENTENCES)[0], hidden[0].mean(0).numpy(), atol=1e-4)


def test_cached_sentences_need_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    first = encoder.embed(SENTENCES)

    def fail(source: str) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(encoder, "_load", fail)
    np.testing.assert_array_equal(encoder.embed(SENTENCES[::-1]), first[::-1])


def test_a_damaged_cache_entry_is_made_again(tmp_path: Path) -> None:
    first = encoder.embed(SENTENCES)
    for file in tmp_path.rglob("*.npy"):
        file.write_bytes(b"broken")
    np.testing.assert_allclose(encoder.embed(SENTENCES), first, atol=1e-6)


def test_models_that_are_no_bert_are_refused(tmp_path: Path) -> None:
    import transformers

    folder = tmp_path / "distil"
    config = transformers.DistilBertConfig(dim=32, n_heads=2, n_layers=1, hidden_dim=32, vocab_size=30522)
    transformers.DistilBertModel(config).save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(encoder.locate()).save_pretrained(folder)
    with pytest.raises(InputError, match="not 'bert'"):
        encoder.embed(["a"], str(folder))


def test_a_bert_that_lacks_weights_is_refused(tmp_path: Path) -> None:
    import safetensors.torch
    import transformers

    folder = tmp_path / "bert"
    config = transformers.BertConfig(
        hidden_size=32, num_attention_heads=2, num_hidden_layers=1, vocab_size=30522
    )
    transformers.BertModel(config).save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(encoder.locate()).save_pretrained(folder)
    assert encoder.embed(["a"], str(folder)).shape == (1, 32)
    tensors = safetensors.torch.load_file(folder / "model.safetensors")
    del tensors["encoder.layer.0.output.dense.weight"]
    safetensors.torch.save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    encoder._load.cache_clear()
    with pytest.raises(InputError, match="weights are missing"):
        encoder.embed(["b"], str(folder))


def test_unknown_folders_and_names_are_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="not the folder of a BERT model"):
        encoder.embed(["a"], str(tmp_path / "empty"))
