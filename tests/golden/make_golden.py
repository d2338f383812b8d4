#!/usr/bin/python3
"""Writes the golden numbers that strata's tests are held against: losses.json, optimizers.json, layers.json.

Made with PyTorch (Debian's python3-torch) in float64; what PyTorch lacks is a formula in numpy, named beside it.
Arrays are flat, in strata's layouts: images (batch, height, width, channels), convolution weights (kernel height,
kernel width, channels, filters), dense weights (in, out). Running it twice gives the same files, byte for byte.
"""

import json
import math
import os

import numpy
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))
MADE_BY = f"tests/golden/make_golden.py, PyTorch {torch.__version__}, numpy {numpy.__version__}, float64"


def flat(array):
    """The numbers of an array in its own order."""
    if torch.is_tensor(array):
        array = array.detach().numpy()
    return [float(v) for v in numpy.asarray(array, dtype=numpy.float64).ravel()]


def write(name, cases):
    """One line per array, so that a difference between two versions can be read."""
    def put(value, depth):
        if isinstance(value, dict) and value:
            inner = ",\n".join(" " * depth + json.dumps(k) + ": " + put(v, depth + 1) for k, v in value.items())
            return "{\n" + inner + "}"
        return json.dumps(value, separators=(",", ":"))

    with open(os.path.join(HERE, name), "w") as out:
        out.write(put({"made_by": MADE_BY, **cases}, 1) + "\n")


def normal(seed, *sizes):
    return torch.from_numpy(numpy.random.RandomState(seed).standard_normal(sizes))


# ---------------------------------------------------------------------------------------------------- losses


def losses():
    cases = {}

    def case(name, output, targets, loss, **options):
        output = output.clone().requires_grad_()
        value = loss(output)
        value.backward()
        batch, outputs = output.shape
        kind = "labels" if targets.dtype == torch.int64 else "rows"
        cases[name] = {"batch": batch, "outputs": outputs, **options, "output": flat(output),
                       kind: targets.tolist() if kind == "labels" else flat(targets),
                       "loss": float(value), "gradient": flat(output.grad)}

    for batch, outputs in ((1, 3), (5, 7)):
        z = 3 * normal(batch, batch, outputs)
        labels = torch.tensor([(3 * i + 2) % outputs for i in range(batch)])
        hot = F.one_hot(labels, outputs).double()
        soft = torch.softmax(normal(50 + batch, batch, outputs), 1)
        bits = (normal(60 + batch, batch, outputs) > 0).double()
        size = f"{batch}x{outputs}"
        case(f"softmax_cross_entropy labels {size}", z, labels, lambda o: F.cross_entropy(o, labels))
        case(f"softmax_cross_entropy rows {size}", z, soft, lambda o: F.cross_entropy(o, soft))
        # rows that do not sum to 1 weigh their sample
        case(f"softmax_cross_entropy heavy {size}", z, 1.5 * soft, lambda o: F.cross_entropy(o, 1.5 * soft))
        case(f"softmax_cross_entropy smooth labels {size}", z, labels,
             lambda o: F.cross_entropy(o, labels, label_smoothing=0.1), label_smoothing=0.1)
        case(f"softmax_cross_entropy smooth rows {size}", z, soft,
             lambda o: F.cross_entropy(o, soft, label_smoothing=0.1), label_smoothing=0.1)
        case(f"mean_squared_error {size}", z, soft, lambda o: F.mse_loss(o, soft))
        case(f"binary_cross_entropy {size}", z, soft, lambda o: F.binary_cross_entropy_with_logits(o, soft))
        # tf.losses.hinge_loss: labels 0 and 1 become -1 and 1, mean over batch and classes
        case(f"hinge labels {size}", z, labels, lambda o: torch.relu(1 - (2 * hot - 1) * o).mean())
        case(f"hinge rows {size}", z, bits, lambda o: torch.relu(1 - (2 * bits - 1) * o).mean())

        def crammer_singer(o, margin):
            right = o.gather(1, labels[:, None])[:, 0]
            wrong = o.masked_fill(hot.bool(), -math.inf).max(1).values
            return torch.relu(margin + wrong - right).mean()

        case(f"crammer_singer_hinge {size}", z, labels, lambda o: crammer_singer(o, 1.0), margin=1.0)
        case(f"crammer_singer_hinge wide {size}", z, labels, lambda o: crammer_singer(o, 2.5), margin=2.5)
    return cases


# ------------------------------------------------------------------------------------------------ optimizers

ELEMENTS, STEPS = 11, 20


def optimizers():
    first, gradients = normal(7, ELEMENTS), normal(8, STEPS, ELEMENTS)
    gradients[:, 3] = 0  # an element that never has a gradient
    gradients[:10, 5] = 0  # and one whose first comes late
    cases = {"elements": ELEMENTS, "steps": STEPS, "first": flat(first), "gradients": flat(gradients)}
    trajectories = {}

    def torch_case(name, make, rate=None):
        w = first.clone().requires_grad_()
        optimizer = make([w])
        path = []
        for t in range(STEPS):
            if rate:
                optimizer.param_groups[0]["lr"] = rate(t)
            w.grad = gradients[t].clone()
            optimizer.step()
            path += flat(w)
        trajectories[name] = path

    O = torch.optim
    torch_case("sgd", lambda p: O.SGD(p, lr=0.1))
    torch_case("sgd l2", lambda p: O.SGD(p, lr=0.1, weight_decay=0.05))
    torch_case("sgd momentum", lambda p: O.SGD(p, lr=0.1, momentum=0.9))
    torch_case("sgd momentum l2", lambda p: O.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.05))
    torch_case("sgd nesterov", lambda p: O.SGD(p, lr=0.1, momentum=0.9, nesterov=True))
    torch_case("sgd nesterov l2", lambda p: O.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05))
    torch_case("adam", lambda p: O.Adam(p, lr=0.01))
    torch_case("adam betas", lambda p: O.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-3))
    torch_case("adam l2", lambda p: O.Adam(p, lr=0.01, weight_decay=0.05))
    torch_case("adam decaying rate", lambda p: O.Adam(p), lambda t: 1e-4 + 0.003 * math.exp(-t / 5))
    torch_case("adamw", lambda p: O.AdamW(p, lr=0.01, weight_decay=0.1))
    torch_case("adamw decaying rate", lambda p: O.AdamW(p, weight_decay=0.1),
               lambda t: 1e-4 + 0.003 * math.exp(-t / 5))
    torch_case("rmsprop", lambda p: O.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-8))
    torch_case("rmsprop momentum", lambda p: O.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-8, momentum=0.7))
    torch_case("rmsprop l2", lambda p: O.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-8, weight_decay=0.05))
    torch_case("adagrad", lambda p: O.Adagrad(p, lr=0.1))
    torch_case("adagrad started l2",
               lambda p: O.Adagrad(p, lr=0.1, initial_accumulator_value=0.1, weight_decay=0.05))
    torch_case("adadelta", lambda p: O.Adadelta(p))
    torch_case("adadelta l2", lambda p: O.Adadelta(p, lr=0.5, rho=0.8, eps=1e-4, weight_decay=0.05))

    def numpy_case(name, step, remember):
        w, memory, path = first.numpy().copy(), remember, []
        for t in range(STEPS):
            w = step(w, gradients[t].numpy(), memory, t)
            path += flat(w)
        trajectories[name] = path

    # TensorFlow 1's ApplyRMSProp: the squares begin at 1, epsilon inside the root
    def tensorflow_rmsprop(w, g, memory, _):
        memory["squares"] = 0.9 * memory["squares"] + (1 - 0.9) * g * g
        return w - 0.01 * g / numpy.sqrt(memory["squares"] + 1e-10)

    numpy_case("rmsprop tensorflow", tensorflow_rmsprop, {"squares": numpy.ones(ELEMENTS)})

    # Loshchilov and Hutter's decay in front of plain SGD
    numpy_case("sgd decoupled", lambda w, g, _, t: w * (1 - 0.1 * 0.05) - 0.1 * g, {})

    # TensorFlow's ExponentialMovingAverage(0.99, num_updates) and a constant 0.9, over the path of plain sgd
    path = numpy.array(trajectories["sgd"]).reshape(STEPS, ELEMENTS)
    for name, decay in (("average num_updates", lambda t: min(0.99, (1 + t) / (10 + t))),
                        ("average constant", lambda t: 0.9)):
        average, out = first.numpy().copy(), []
        for t in range(STEPS):
            average = average - (1 - decay(t)) * (average - path[t])
            out += flat(average)
        trajectories[name] = out
    cases["trajectories"] = trajectories

    # learning rates
    def rates(make, initial, steps):
        w = torch.zeros(1, requires_grad=True)
        optimizer = O.SGD([w], lr=initial)
        scheduler = make(optimizer)
        out = []
        for t in range(steps):
            out.append(float(optimizer.param_groups[0]["lr"]))
            optimizer.step()
            if t + 1 < steps:
                scheduler.step()
        return out

    S = O.lr_scheduler
    cases["schedules"] = {
        "one_cycle": rates(lambda o: S.OneCycleLR(o, max_lr=0.3, total_steps=40, cycle_momentum=False), 0.1, 40),
        "cosine": rates(lambda o: S.CosineAnnealingLR(o, T_max=25, eta_min=0.001), 0.1, 26),
        "step_decay": rates(lambda o: S.MultiStepLR(o, milestones=[5, 9, 20], gamma=0.3), 0.1, 30),
        "staircase": rates(lambda o: S.StepLR(o, step_size=7, gamma=0.5), 0.8, 30),
        "exponential": rates(lambda o: S.ExponentialLR(o, gamma=0.9), 0.8, 30),
    }
    return cases


# ---------------------------------------------------------------------------------------------------- layers


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


class Parameters:
    """Named parameters in strata's layouts; the same seed and order give the same numbers."""

    def __init__(self, seed):
        self.seed, self.values = seed, {}

    def draw(self, name, *sizes, scale=0.5, shift=0.0):
        self.seed += 1
        self.values[name] = (shift + scale * normal(self.seed, *sizes)).requires_grad_()
        return self.values[name]

    def conv(self, name, x, filters, kernel, stride=1, pad=(0, 0, 0, 0), dilation=1, bias=True):
        """x NHWC; pad top, bottom, left, right."""
        kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        w = self.draw(name + ".weight", *kernel, x.shape[3], filters)
        b = self.draw(name + ".bias", filters) if bias else None
        padded = F.pad(nchw(x), (pad[2], pad[3], pad[0], pad[1]))
        return nhwc(F.conv2d(padded, w.permute(3, 2, 0, 1), b, stride=stride, dilation=dilation))

    def dense(self, name, x, units):
        w = self.draw(name + ".weight", x.shape[1], units)
        return x @ w + self.draw(name + ".bias", units)

    def batch_norm(self, name, x, epsilon):
        """In training mode, over all axes but the last."""
        scale = self.draw(name + ".scale", x.shape[-1], scale=0.2, shift=1.0)
        offset = self.draw(name + ".offset", x.shape[-1])
        rows = x.reshape(-1, x.shape[-1])
        return F.batch_norm(rows, None, None, scale, offset, True, 0.1, epsilon).reshape(x.shape)


def same(n, kernel, stride=1, dilation=1):
    """TensorFlow's SAME: pixels in front and behind."""
    total = max((-(-n // stride) - 1) * stride + (kernel - 1) * dilation + 1 - n, 0)
    return total // 2, total - total // 2


def layers():
    cases = {}

    def case(name, seed, x, forward, **more):
        """y = forward(parameters, x); the gradients of sum(dy y) for a random dy."""
        x = x.clone().requires_grad_()
        parameters = Parameters(1000 * seed)
        y = forward(parameters, x)
        dy = normal(1000 * seed + 999, *y.shape)
        (dy * y).sum().backward()
        cases[name] = {"batch": x.shape[0], "x": flat(x), "y": flat(y), "dy": flat(dy), "dx": flat(x.grad),
                       "values": {k: flat(v) for k, v in parameters.values.items()},
                       "gradients": {k: flat(v.grad) for k, v in parameters.values.items()}, **more}

    case("dense", 1, normal(1, 3, 7), lambda p, x: p.dense("0", x, 5))

    case("conv2d valid", 2, normal(2, 2, 5, 6, 3), lambda p, x: p.conv("0", x, 4, 3))
    case("conv2d same even kernel", 3, normal(3, 2, 7, 6, 2),
         lambda p, x: p.conv("0", x, 3, 4, 1, same(7, 4) + same(6, 4)))
    case("conv2d same stride 2", 4, normal(4, 2, 8, 7, 2),
         lambda p, x: p.conv("0", x, 3, 5, 2, same(8, 5, 2) + same(7, 5, 2)))
    case("conv2d rectangular", 5, normal(5, 2, 6, 7, 2),
         lambda p, x: p.conv("0", x, 3, (2, 3), (1, 2), (1, 0, 2, 1)))
    case("conv2d dilated", 6, normal(6, 2, 9, 8, 2), lambda p, x: p.conv("0", x, 3, 3, 1, (1, 1, 1, 1), 2))
    case("conv2d same dilated", 7, normal(7, 1, 7, 8, 1),
         lambda p, x: p.conv("0", x, 2, 3, 1, same(7, 3, 1, 2) + same(8, 3, 1, 2), 2))
    case("conv2d pointwise stride 2", 8, normal(8, 2, 5, 5, 4), lambda p, x: p.conv("0", x, 3, 1, 2))

    def max_pool(x, kernel, stride, pad):
        padded = F.pad(nchw(x), (pad[2], pad[3], pad[0], pad[1]), value=-math.inf)
        return nhwc(F.max_pool2d(padded, kernel, stride))

    def average_pool(x, kernel, stride, pad):
        """What lies outside the image does not count (TensorFlow's average)."""
        sides = (pad[2], pad[3], pad[0], pad[1])
        ones = F.pad(torch.ones(1, 1, x.shape[1], x.shape[2]), sides)
        return nhwc(F.avg_pool2d(F.pad(nchw(x), sides), kernel, stride) / F.avg_pool2d(ones, kernel, stride))

    for name, pool in (("max_pool2d", max_pool), ("average_pool2d", average_pool)):
        case(f"{name} 2", 10, normal(10, 2, 4, 6, 3), lambda p, x: pool(x, 2, 2, (0, 0, 0, 0)))
        case(f"{name} overlapping", 11, normal(11, 2, 6, 5, 2), lambda p, x: pool(x, 3, 2, (1, 1, 1, 1)))
        case(f"{name} same", 12, normal(12, 2, 6, 5, 2),
             lambda p, x: pool(x, (3, 2), (2, 1), same(6, 3, 2) + same(5, 2, 1)))
    case("global_average_pool", 13, normal(13, 2, 4, 3, 5), lambda p, x: x.mean((1, 2)))
    case("global_max_pool", 15, normal(15, 2, 4, 3, 5), lambda p, x: x.amax((1, 2)))
    # groups of three adjacent channels
    case("maxout", 16, normal(16, 2, 4, 3, 6), lambda p, x: x.reshape(2, 4, 3, 2, 3).max(4).values)

    def prelu(p, name, x, slopes):
        return nhwc(F.prelu(nchw(x), p.draw(name + ".slope", slopes, scale=0.5, shift=0.25)))

    case("prelu", 17, normal(17, 2, 4, 3, 5), lambda p, x: prelu(p, "0", x, 5))
    case("prelu shared", 18, normal(18, 2, 4, 3, 5), lambda p, x: prelu(p, "0", x, 1))

    z = 3 * normal(14, 3, 11)
    z[0, 0], z[0, 1], z[1, 2], z[1, 3] = 40, -40, 9, -9
    activations = {
        "relu": torch.relu, "leaky_relu": lambda x: F.leaky_relu(x, 0.125), "elu": lambda x: F.elu(x, 0.75),
        "gelu": F.gelu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "softmax": lambda x: torch.softmax(x, 1),
    }
    for i, (name, f) in enumerate(activations.items()):
        case(name, 20 + i, z, lambda p, x: f(x))

    # Batch norm: three training batches, then inference. PyTorch's momentum is the share of the new batch; its
    # running variance is unbiased. Epsilon and momentum are exact in float.
    def batch_norm(name, seed, *sizes):
        epsilon, momentum, channels = 2.0**-10, 0.125, sizes[-1]
        scale, offset = 1 + 0.2 * normal(seed, channels), normal(seed + 1, channels)
        scale.requires_grad_(), offset.requires_grad_()
        mean, variance = torch.zeros(channels), torch.ones(channels)
        inputs = [(2 * normal(seed + 2 + i, *sizes) + 0.5).requires_grad_() for i in range(3)]
        for x in inputs:
            y = F.batch_norm(x.reshape(-1, channels), mean, variance, scale, offset, True, momentum, epsilon)
        dy = normal(seed + 9, *sizes)
        (dy.reshape(-1, channels) * y).sum().backward()
        probe = normal(seed + 10, *sizes)
        inferred = F.batch_norm(probe.reshape(-1, channels), mean, variance, scale, offset, False, momentum, epsilon)
        cases[name] = {"batch": sizes[0], "epsilon": epsilon, "momentum": momentum,
                       "before": [flat(x) for x in inputs[:2]], "x": flat(inputs[2]), "y": flat(y),
                       "dy": flat(dy), "dx": flat(inputs[2].grad),
                       "values": {"0.scale": flat(scale), "0.offset": flat(offset)},
                       "gradients": {"0.scale": flat(scale.grad), "0.offset": flat(offset.grad)},
                       "running_mean": flat(mean), "running_variance": flat(variance),
                       "inference_x": flat(probe), "inference_y": flat(inferred)}

    batch_norm("batch_norm flat", 31000, 6, 4)
    batch_norm("batch_norm image", 32000, 3, 3, 4, 2)

    # input 6x6x3, conv 3x3 to 4, relu, residual(conv without bias, batch norm, relu, conv), relu,
    # residual(conv stride 2, relu, conv; conv 1x1 stride 2), global average pool, dense 3
    def residual_net(p, x):
        one = (1, 1, 1, 1)
        x = torch.relu(p.conv("0", x, 4, 3, 1, one))
        b = p.conv("2.branch.0", x, 4, 3, 1, one, bias=False)
        b = torch.relu(p.batch_norm("2.branch.1", b, 2.0**-10))
        x = torch.relu(p.conv("2.branch.3", b, 4, 3, 1, one) + x)
        b = torch.relu(p.conv("4.branch.0", x, 5, 3, 2, same(6, 3, 2) * 2))
        x = p.conv("4.branch.2", b, 5, 3, 1, one) + p.conv("4.shortcut", x, 5, 1, 2)
        return p.dense("6", x.mean((1, 2)), 3)

    case("residual net", 33, normal(33, 3, 6, 6, 3), residual_net)

    # input 6x5x3, conv 3x3 to 4, DenseNet's connection around (batch norm, relu, conv to 5), GoogLeNet's module of
    # (conv 1x1 to 2), (max pool 3, conv 1x1 to 3) and (prelu, conv to 4, relu), relu, global max pool, dense 3
    def joined_net(p, x):
        one = (1, 1, 1, 1)
        x = p.conv("0", x, 4, 3, 1, one)
        b = torch.relu(p.batch_norm("1.1.0", x, 2.0**-10))
        x = torch.cat([x, p.conv("1.1.2", b, 5, 3, 1, one)], 3)
        a = p.conv("2.0", x, 2, 1)
        b = p.conv("2.1.1", max_pool(x, 3, 1, one), 3, 1)
        c = torch.relu(p.conv("2.2.1", prelu(p, "2.2.0", x, 9), 4, 3, 1, one))
        return p.dense("5", torch.relu(torch.cat([a, b, c], 3)).amax((1, 2)), 3)

    case("joined net", 35, normal(35, 3, 6, 5, 3), joined_net)

    # input 8x9x1, conv 3x3 to 3 same, relu, conv 4x4 stride 2 to 4 same, tanh, max pool 2, flatten, dense 6, gelu,
    # dense 3; softmax cross-entropy; five steps of SGD with momentum
    def convnet(p, x):
        x = torch.relu(p.conv("0", x, 3, 3, 1, same(8, 3) + same(9, 3)))
        x = torch.tanh(p.conv("2", x, 4, 4, 2, same(8, 4, 2) + same(9, 4, 2)))
        x = max_pool(x, 2, 2, (0, 0, 0, 0)).reshape(x.shape[0], -1)
        return p.dense("8", F.gelu(p.dense("6", x, 6)), 3)

    x = normal(34, 5, 8, 9, 1)
    labels = torch.tensor([2, 0, 1, 1, 2])
    case("convnet", 34, x, convnet)
    parameters = Parameters(34000)
    convnet(parameters, x)
    values = parameters.values
    optimizer = torch.optim.SGD(list(values.values()), lr=0.1, momentum=0.9)

    class Held(Parameters):
        def draw(self, name, *sizes, **_):
            return values[name]

    path = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = F.cross_entropy(convnet(Held(0), x), labels)
        loss.backward()
        optimizer.step()
        path.append(float(loss))
    cases["convnet"].update({"labels": labels.tolist(), "losses": path,
                             "trained": {k: flat(v) for k, v in values.items()}})
    return cases


write("losses.json", losses())
write("optimizers.json", optimizers())
write("layers.json", layers())
