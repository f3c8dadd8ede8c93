"""Makes loess.json: what scikit-misc's loess gives for small inputs.

usage: python loess.py > loess.json      (made with scikit-misc 0.5.3)
"""
import json

import numpy as np
from skmisc.loess import loess


def case(name, x, y, span):
    out = dict(name=name, x=x.tolist(), y=y.tolist(), span=span)
    for surface in ("interpolate", "direct"):
        m = loess(x, y, span=span, degree=2)
        m.control.surface = surface
        m.fit()
        out[surface] = m.outputs.fitted_values.tolist()
    return out


i = np.arange(40)
x = np.log10(1 + np.mod(i * 17, 41))
y = np.sin(3 * x) + 0.1 * np.cos(7 * i)
tied = np.floor(np.mod(i * 17, 41) / 4)
curve = 0.3 * tied - 0.02 * tied**2 + 0.2 * np.cos(5 * i)
print(json.dumps([
    case("spread", x, y, 0.5),
    case("small span", x, y, 0.25),
    case("whole", x, y, 1.0),
    case("ties", tied, curve, 0.75),
]))
