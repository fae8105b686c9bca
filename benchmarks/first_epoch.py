"""From the first import to the end of the first epoch: ``python -m benchmarks.first_epoch MODULE``.

Prints the seconds and the loss as JSON.
"""

import time

START = time.perf_counter()

if __name__ == "__main__":
    import importlib
    import json
    import sys

    from .cases import Case

    module = importlib.import_module(sys.argv[1])
    run, _ = module.TASKS["epoch"](Case("epoch", sys.argv[2], batches=int(sys.argv[3])))
    (loss,) = run()
    print(json.dumps({"seconds": time.perf_counter() - START, "loss": float(loss)}))
