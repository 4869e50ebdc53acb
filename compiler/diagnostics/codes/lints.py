"""Modelling (NN3xx): what can be compiled and will not train as was meant."""

from __future__ import annotations

from .registry import error, info, warning

SOFTMAX_TWICE = warning("NN301", "softmax-twice", "probabilities are squeezed a second time")
CROSSENTROPY_SIGMOID = warning(
    "NN302", "crossentropy-after-sigmoid", "crossentropy takes sigmoids for logits"
)
BCE_ACTIVATION = warning("NN303", "bce-activation", "bce takes another activation for logits")
CROSSENTROPY_ACTIVATION = warning(
    "NN304", "crossentropy-activation", "crossentropy takes activations for logits"
)
SATURATING_OUTPUT = info(
    "NN305", "saturating-output", "a squashed output under a squared loss may get stuck"
)
RELU_OUTPUT = info("NN306", "relu-output", "the output of a regression is never negative")
DROPOUT_AT_OUTPUT = warning("NN307", "dropout-at-output", "dropout strikes the output itself")
LINEAR_TWICE = warning("NN308", "linear-twice", "two linear layers do no more than one")
LINEAR_BOTTLENECK = info("NN309", "linear-bottleneck", "two linear layers factorise one")
UNREACHED_PARAMETERS = warning(
    "NN310", "unreached-parameters", "no loss reaches an output's parameters"
)
UNUSUAL_RATE = warning("NN311", "unusual-rate", "the learning rate is far from what is usual")
IGNORED_ARGUMENT = warning("NN312", "ignored-argument", "an argument has nothing to act on")
HINGE_ACTIVATION = warning("NN313", "hinge-activation", "hinge takes probabilities for scores")
KL_ACTIVATION = warning("NN314", "kl-activation", "kl takes other values for log-probabilities")
POISSON_ACTIVATION = warning(
    "NN315", "poisson-activation", "poisson takes bounded values for log-rates"
)
COUPLED_DECAY = info("NN316", "coupled-decay", "adam divides the weight decay by √v")
NOT_LEAST_SQUARES = error("NN317", "not-least-squares", "lstsq cannot solve this network")
BIAS_BEFORE_BATCHNORM = info(
    "NN318", "bias-before-batchnorm", "a batchnorm takes the bias before it out again"
)
BATCH_OF_ONE = warning("NN319", "batch-of-one", "a batch of one row has no statistics")
CONSTANT_NORM = warning("NN320", "constant-norm", "one value is normalised by itself")
NOTHING_TRAINED = warning("NN321", "nothing-trained", "every parameter is frozen")
METRIC_MISMATCH = warning("NN331", "metric-mismatch", "a metric compares what no judged output has")
IDLE_METRIC = warning("NN332", "idle-metric", "a metric says nothing")
CHANNEL_AXIS = warning("NN340", "channel-axis", "the first axis hardly holds the channels")
CLASS_AXIS = warning("NN341", "class-axis", "a loss chooses among positions, not among classes")
LONE_SOFTMAX = warning("NN342", "lone-softmax", "a softmax of one value is always 1")
KERAS_MOMENTUM = warning("NN343", "keras-momentum", "a batchnorm's momentum in Keras's sense")
AXIS_CONFUSION = warning(
    "NN344", "axis-confusion", "two layers read the axes of a value differently"
)
LOG_DOMAIN = warning("NN350", "log-domain", "a logarithm of what can be 0 or negative")
ZERO_DIVISION = warning("NN351", "zero-division", "a division by what can be 0")
ROOT_DOMAIN = warning("NN352", "root-domain", "a root of what can be negative, or 0")
EXP_OVERFLOW = warning("NN353", "exp-overflow", "an exponential that can overflow")
WRITTEN_OUT = warning("NN354", "written-out", "a function is written out in a way that overflows")
