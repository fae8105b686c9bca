"""What ``--model tiny | standard | best`` stands for: :data:`PRESETS`."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Preset:
    """Settings that go well together, none of them chosen for particular classes.

    Parameters
    ----------
    about : str
        In a few words.
    cell : str
        ``"rnn"``, ``"lstm"`` or ``"gru"``.
    units : int
        H of the recurrent layer.
    bidirectional : bool
        Whether it reads each clip in both directions.
    dropout : float
        Share of inputs dropped in training.
    size : (int, int)
        Rows and columns of the small pictures that it sees.
    appearance : (int, int) or None
        Rows and columns of the picture that it sees as it is, in colour; None leaves colour and
        what stands still out.
    epochs : int
        How often each clip is shown, at least.
    updates : int
        How often the weights are updated, at least: few clips are shown more often.
    learning_rate : float
        Of Adam at the start.
    augment : bool
        Whether every clip is changed a little each time that it is shown.
    members : int
        How many such networks are trained and folded into one.
    """

    about: str
    cell: str
    units: int
    bidirectional: bool
    dropout: float
    size: tuple[int, int]
    appearance: tuple[int, int] | None
    epochs: int
    updates: int
    learning_rate: float
    augment: bool
    members: int

    def epochs_for(self, batches: int) -> int:
        """Return how many epochs to train for, of so many batches each.

        Examples
        --------
        >>> PRESETS["best"].epochs_for(20), PRESETS["best"].epochs_for(3)
        (60, 267)
        """
        return max(self.epochs, -(-self.updates // batches))

    def get_config(self) -> dict:
        """Return the settings, as JSON can hold them."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


PRESETS = {
    "tiny": Preset(
        about="a small GRU on coarse pictures, trained in seconds",
        cell="gru",
        units=24,
        bidirectional=False,
        dropout=0.2,
        size=(4, 6),
        appearance=None,
        epochs=30,
        updates=200,
        learning_rate=0.01,
        augment=False,
        members=1,
    ),
    "standard": Preset(
        about="an LSTM",
        cell="lstm",
        units=64,
        bidirectional=False,
        dropout=0.3,
        size=(6, 8),
        appearance=None,
        epochs=50,
        updates=400,
        learning_rate=0.004,
        augment=False,
        members=1,
    ),
    "best": Preset(
        about="four bidirectional GRUs on finer pictures and colours, with augmentation",
        cell="gru",
        units=64,
        bidirectional=True,
        dropout=0.3,
        size=(8, 10),
        appearance=(4, 5),
        epochs=60,
        updates=800,
        learning_rate=0.003,
        augment=True,
        members=4,
    ),
}
"""The presets by name."""
