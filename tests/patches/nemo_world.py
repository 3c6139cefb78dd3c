"""Stand-ins for NeMo, PyTorch and OmegaConf with the signatures that the speech container's server calls."""

import contextlib
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

FRAME = 0.08


class Tensor:
    """Numbers in nested lists, with the few methods that are called."""

    def __init__(self, values: list) -> None:
        self.values = values

    def dim(self) -> int:
        depth, values = 0, self.values
        while isinstance(values, list):
            depth, values = depth + 1, values[0]
        return depth

    def __getitem__(self, place: int) -> "Tensor":
        return Tensor(self.values[place])

    def tolist(self) -> list:
        return self.values

    def reshape(self, _: int) -> "Tensor":
        flat = self.values
        while isinstance(flat[0], list):
            flat = [value for row in flat for value in row]
        return Tensor(flat)


@dataclass
class Script:
    """What the models hear, and what was asked of them."""

    text: str = "Hello there. Good morning."
    words: list = field(
        default_factory=lambda: [{"word": "Hello", "start": 0.08, "end": 0.4, "start_offset": 1}]
    )
    segments: list = field(default_factory=lambda: [{"segment": "Hello there.", "start": 0.08, "end": 0.9}])
    lines: list = field(default_factory=lambda: ["0.00 2.00 speaker_0", "1.60 4.00 speaker_1"])
    frames: list = field(default_factory=lambda: [[0.9, 0.1]] * 25 + [[0.2, 0.8]] * 25)
    fails: Exception | None = None
    calls: list = field(default_factory=list)

    def hear(self, what: str, *given: object) -> None:
        self.calls.append((what, *given))
        if self.fails is not None:
            raise self.fails


class _Model:
    def __init__(self, script: Script, name: str) -> None:
        self.script, self.name = script, name
        self.cfg = SimpleNamespace(
            decoding=SimpleNamespace(greedy=SimpleNamespace(use_cuda_graph_decoder=True))
        )
        self.streaming_mode = "streaming" in name
        self.sortformer_modules = SimpleNamespace(chunk_len=188)

    def to(self, device: str) -> "_Model":
        return self

    def eval(self) -> "_Model":
        return self


class _Parakeet(_Model):
    def transcribe(
        self, audio, use_lhotse=True, batch_size=4, return_hypotheses=False, num_workers=0,
        channel_selector=None, augmentor=None, verbose=True, timestamps=None, override_config=None,
    ) -> list:  # fmt: skip
        self.script.hear("transcribe", Path(audio[0]).suffix, timestamps)
        times = {"word": self.script.words, "segment": self.script.segments, "char": []}
        return [SimpleNamespace(text=self.script.text, timestamp=times if timestamps else {})]

    def change_decoding_strategy(self, decoding_cfg=None, decoder_type=None, verbose=True) -> None:
        self.script.calls.append(("graphs", decoding_cfg.greedy.use_cuda_graph_decoder))

    def change_attention_model(
        self, self_attention_model=None, att_context_size=None, update_config=True, device=None
    ) -> None:
        self.script.calls.append(("attention", self_attention_model, att_context_size))

    def change_subsampling_conv_chunking_factor(
        self, subsampling_conv_chunking_factor, update_config=True
    ) -> None:
        self.script.calls.append(("chunking", subsampling_conv_chunking_factor))


class _Sortformer(_Model):
    def diarize(
        self, audio, batch_size=1, include_tensor_outputs=False, postprocessing_yaml=None, num_workers=0,
        verbose=True, override_config=None,
    ):  # fmt: skip
        self.script.hear("diarize", Path(audio[0]).suffix)
        # As NeMo has it: lists by file, the scores with a first axis of one.
        return (
            [[self.script.lines], [Tensor([self.script.frames])]]
            if include_tensor_outputs
            else [self.script.lines]
        )


class _TitaNet(_Model):
    def infer_segment(self, segment):
        self.script.hear("embed", len(segment))
        vector = Tensor([[float(number % 7 - 3) for number in range(192)]])
        return vector, Tensor([[0.0]])


def install(script: Script, monkeypatch) -> None:
    """Make `import nemo…`, `import torch` and `import omegaconf` find the stand-ins."""
    models = types.ModuleType("nemo.collections.asr.models")
    for name, kind in (
        ("ASRModel", _Parakeet),
        ("SortformerEncLabelModel", _Sortformer),
        ("EncDecSpeakerLabelModel", _TitaNet),
    ):
        setattr(models, name, _loader(kind, script))
    torch = types.ModuleType("torch")
    torch.cuda = SimpleNamespace(
        is_available=lambda: True,
        memory_reserved=lambda: 5 * 1024**3,
        empty_cache=lambda: script.calls.append(("empty_cache",)),
        get_device_properties=lambda _: SimpleNamespace(total_memory=128 * 1024**3),
        set_per_process_memory_fraction=lambda share: script.calls.append(("cap", share)),
    )
    omegaconf = types.ModuleType("omegaconf")
    omegaconf.open_dict = contextlib.nullcontext
    for name in ("nemo", "nemo.collections", "nemo.collections.asr"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "nemo.collections.asr.models", models)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "omegaconf", omegaconf)


def _loader(kind: type, script: Script) -> type:
    class Loader:
        @classmethod
        def from_pretrained(
            cls, model_name, refresh_cache=False, override_config_path=None, map_location=None
        ):
            script.hear("load", model_name, map_location)
            return kind(script, model_name)

        @classmethod
        def restore_from(cls, restore_path, override_config_path=None, map_location=None, strict=True):
            script.hear("restore", restore_path)
            return kind(script, restore_path)

    return Loader
