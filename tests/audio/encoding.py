"""Samples as a phone or a browser sends them."""

import io

import av
import numpy as np

from gateway.audio.bands import RATE


def encoded(samples, form, codec, rate, layout):
    """A mono recording of 16 kHz in a container, written as to a pipe where the form allows it."""
    planes = np.repeat(samples.astype(np.int16)[:, None], 2 if layout == "stereo" else 1, axis=1)
    frame = av.AudioFrame.from_ndarray(planes.reshape(1, -1), format="s16", layout=layout)
    frame.sample_rate = RATE
    sink = io.BytesIO()
    with av.open(sink, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        stream.codec_context.open()
        size = stream.codec_context.frame_size or 1024
        resampler = av.AudioResampler(stream.codec_context.format.name, layout, rate, frame_size=size)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return sink.getvalue()
