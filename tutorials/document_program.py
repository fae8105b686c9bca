"""The program of the source document's section 4, with ``keras`` replaced by ``scratchrnn``.

Everything below the line is the document's own text: its imports (changed), its preparation of
data, its model, training and evaluation. It says "suppose `data` is a NumPy array of a time
series"; the shape under which its lines fit together is (n, 1, 1), made above the line.

It runs, but two things in it do not mean what they seem to: it predicts a value from one value,
so there is no sequence to remember; and its `accuracy` asks whether real numbers are *equal*,
which they never are. `next_value.py` beside it does what the program means to do.
"""

import numpy as np

rng = np.random.default_rng(0)
data = np.sin(np.arange(200) / 5).reshape(-1, 1, 1) + 0.1 * rng.normal(size=(200, 1, 1))

# ---------------------------------------------------------------------------------------------

import numpy as np  # noqa: I001
from scratchrnn.models import Sequential
from scratchrnn.layers import Dense, LSTM, Dropout  # noqa: F401

train_data = data[: int(len(data) * 0.8)]
test_data = data[int(len(data) * 0.8) :]

X_train = []
y_train = []
for i in range(len(train_data) - 1):
    X_train.append(train_data[i])
    y_train.append(train_data[i + 1])

X_train = np.array(X_train)
y_train = np.array(y_train)

model = Sequential()
model.add(LSTM(50, input_shape=(X_train.shape[1], X_train.shape[2])))
model.add(Dense(1, activation="linear"))

model.compile(optimizer="adam", loss="mse")

model.fit(X_train, y_train, epochs=100, batch_size=32)

test_X = []
for i in range(len(test_data) - 1):
    test_X.append(test_data[i])

test_X = np.array(test_X)

predictions = model.predict(test_X)

accuracy = np.mean(predictions == test_data[1:])
print("Accuracy:", accuracy)
