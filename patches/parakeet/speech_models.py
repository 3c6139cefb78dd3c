"""The models: Parakeet, Sortformer and TitaNet in NVIDIA NeMo; nothing else here imports NeMo or PyTorch."""

from __future__ import annotations

import os
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nemo.collections.asr.models import ASRModel, EncDecSpeakerLabelModel, SortformerEncLabelModel
from omegaconf import open_dict

GIB = 1024**3
LONG_SECONDS = 480.0
"""From here on Parakeet attends to what is near: full attention takes memory by the square of the length."""

LOCAL_CONTEXT = [256, 256]
FULL_CONTEXT = [-1, -1]

STREAMING = {
    "chunk_len": 340,
    "chunk_left_context": 1,
    "chunk_right_context": 40,
    "fifo_len": 40,
    "spkcache_update_period": 300,
    "spkcache_len": 188,
}
"""How a streaming Sortformer goes through a whole file, in frames: few long steps, for accuracy."""


@dataclass(frozen=True)
class Heard:
    """What was said; words {word, start, end} and segments {start, end, text}, in seconds."""

    text: str
    words: list[dict[str, Any]]
    segments: list[dict[str, Any]]


class SpeechModels:
    """The three models on the GPU; one thread at a time."""

    def __init__(self) -> None:
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.cap_gib = float(os.environ.get("GPU_MEMORY_GIB", "16"))
        self._cap_memory()
        self.names = {
            "transcription": os.environ.get("TRANSCRIPTION_MODEL", "nvidia/parakeet-tdt-0.6b-v3"),
            "diarization": os.environ.get("DIARIZATION_MODEL", "nvidia/diar_streaming_sortformer_4spk-v2"),
            "voices": os.environ.get("VOICE_MODEL", "nvidia/speakerverification_en_titanet_large"),
        }
        self._parakeet = self._load(ASRModel, "transcription")
        self._sortformer = self._load(SortformerEncLabelModel, "diarization")
        self._titanet = self._load(EncDecSpeakerLabelModel, "voices")
        self._parakeet.change_subsampling_conv_chunking_factor(1)  # in as many pieces as it needs
        self._is_local = False
        self._decode_without_graphs()
        self._step_far()

    def transcribe(self, file: Path, seconds: float) -> Heard:
        """What is said in a WAV file of 16 kHz, with the times of its words."""
        self._attend(local=seconds > LONG_SECONDS)
        answers = self._parakeet.transcribe([str(file)], batch_size=1, timestamps=True, verbose=False)
        # Some versions give the best hypotheses and all of them.
        found = answers[0][0] if isinstance(answers, tuple) else answers[0]
        times = getattr(found, "timestamp", None) or {}
        return Heard(
            found.text,
            [_span(entry, "word", "word") for entry in times.get("word") or ()],
            [_span(entry, "segment", "text") for entry in times.get("segment") or ()],
        )

    def diarize(self, file: Path) -> tuple[list[str], list[list[float]]]:
        """Sortformer's lines 'start end speaker_0', and its scores: frames by speakers."""
        lines, tensors = self._sortformer.diarize(
            audio=[str(file)], batch_size=1, include_tensor_outputs=True, verbose=False
        )
        scores = tensors[0]
        return list(lines[0]), (scores[0] if scores.dim() == 3 else scores).tolist()

    def embed(self, samples: array[int]) -> list[float]:
        """TitaNet's 192 numbers of a voice."""
        vector, _ = self._titanet.infer_segment(np.asarray(samples, dtype=np.float32) / 32768)
        return [float(value) for value in vector.reshape(-1).tolist()]

    def memory(self) -> dict[str, float]:
        """GiB that PyTorch holds of the GPU's memory, and how much it may hold."""
        if self.device == "cpu":
            return {}
        return {"reserved_gib": round(torch.cuda.memory_reserved() / GIB, 2), "cap_gib": self.cap_gib}

    def release(self) -> None:
        """Give back what is held and not used."""
        if self.device != "cpu":
            torch.cuda.empty_cache()

    def _cap_memory(self) -> None:
        """Hold PyTorch to its share: the GPU's memory is the host's, and a model is loaded beside us."""
        if self.device == "cpu" or self.cap_gib <= 0:
            return
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(self.cap_gib * GIB / total, 1.0))

    def _load(self, kind: Any, what: str) -> Any:
        name = self.names[what]
        if name.endswith(".nemo"):
            model = kind.restore_from(restore_path=name, map_location=self.device)
        else:
            model = kind.from_pretrained(model_name=name, map_location=self.device)
        return model.to(self.device).eval()

    def _decode_without_graphs(self) -> None:
        """
        Decode without CUDA graphs.

        With cuda-python in the container NeMo decodes in CUDA graphs, which breaks the GPU's context here.
        """
        decoding = self._parakeet.cfg.decoding
        with open_dict(decoding):
            decoding.greedy.use_cuda_graph_decoder = False
        self._parakeet.change_decoding_strategy(decoding)

    def _step_far(self) -> None:
        if getattr(self._sortformer, "streaming_mode", False):
            for name, frames in STREAMING.items():
                setattr(self._sortformer.sortformer_modules, name, frames)

    def _attend(self, *, local: bool) -> None:
        if local == self._is_local:
            return
        if local:
            self._parakeet.change_attention_model("rel_pos_local_attn", LOCAL_CONTEXT)
        else:
            self._parakeet.change_attention_model("rel_pos", FULL_CONTEXT)
        self._is_local = local


def _span(entry: dict[str, Any], source: str, target: str) -> dict[str, Any]:
    start, end = (round(float(entry[name]), 3) for name in ("start", "end"))
    return {target: str(entry[source]), "start": start, "end": max(start, end)}
