"""Layers and activations of Keras, PyTorch, Caffe and ONNX, with their equivalents in nnc.

A word is spelled as in its library; capitals and underscores are ignored. `~` before it says that
it is the same kind, but possibly with other values: other defaults, or another reading of its
arguments. A replacement is a kind or a pattern: `…` stands for the written arguments, `{0}` and
`{1}` for the first two of them."""

from __future__ import annotations

KINDS = {
    "add": "Add",
    "attention": "~MultiHeadAttention ~MultiheadAttention multihead_self_attention self_attn",
    "avgpool": (
        "AveragePooling1D AveragePooling2D AvgPool1D AvgPool2D AveragePool average_pool "
        "mean_pool mean_pooling avg_pooling"
    ),
    "batchnorm": (
        "~BatchNormalization BatchNorm BatchNorm1d BatchNorm2d LazyBatchNorm1d LazyBatchNorm2d "
        "~SyncBatchNorm ~bn"
    ),
    "concat": "Concatenate Concat cat hstack",
    "conv": (
        "Conv Conv1D Conv2D Convolution Convolution1D Convolution2D LazyConv1d LazyConv2d "
        "~conv_layer ~convolutional ~cnn"
    ),
    "conv_transpose": (
        "ConvTranspose ConvTranspose1d ConvTranspose2d Conv1DTranspose Conv2DTranspose "
        "LazyConvTranspose1d LazyConvTranspose2d Convolution2DTranspose Deconvolution Deconv2D "
        "transposed_conv transpose_conv up_conv"
    ),
    "dense": (
        "Dense Linear LazyLinear InnerProduct Gemm fc fully_connected FullyConnected ~affine "
        "~EinsumDense ~perceptron ~mlp ~ann ~dnn ~feed_forward ~ffn"
    ),
    "depthwise": "DepthwiseConv1D DepthwiseConv2D depthwise_convolution",
    "dot": "Dot dot_product inner",
    "dropout": "Dropout",
    "elu": "ELU",
    "embedding": "Embedding Embed Gather word_embedding token_embedding lookup_table",
    "flatten": "Flatten ravel",
    "gelu": "GELU",
    "global_avgpool": (
        "GlobalAveragePooling2D GlobalAvgPool2D ~GlobalAveragePool ~AdaptiveAvgPool1d "
        "~AdaptiveAvgPool2d global_mean_pool"
    ),
    "global_maxpool": (
        "GlobalMaxPooling2D GlobalMaxPool2D ~GlobalMaxPool ~AdaptiveMaxPool1d ~AdaptiveMaxPool2d"
    ),
    "groupnorm": "GroupNorm ~GroupNormalization",
    "gru": "~GRU ~CuDNNGRU ~GRUCell gated_recurrent_unit",
    "hard_sigmoid": "~Hardsigmoid ~hard_sigm",
    "hard_swish": "Hardswish hard_silu",
    "hard_tanh": "Hardtanh",
    "id": "Identity passthrough skip shortcut residual noop no_op pass_through",
    "input": "~Input ~InputLayer ~InputSpec",
    "layernorm": "LayerNorm ~LayerNormalization ~ln",
    "leaky_relu": "~LeakyReLU",
    "local": "LocallyConnected1D LocallyConnected2D",
    "log_softmax": "LogSoftmax",
    "lstm": "~LSTM ~CuDNNLSTM ~LSTMCell",
    "max": "Maximum",
    "maxpool": ("MaxPooling1D MaxPooling2D MaxPool MaxPool1D MaxPool2D max_pooling"),
    "mean": "Average",
    "mish": "Mish",
    "mul": "Multiply",
    "noise": "GaussianNoise",
    "l2_normalize": "l2norm UnitNormalization LpNormalization",
    "normalize": "~Normalization ~standardize ~StandardScaler ~standard_scaler",
    "pad": "ZeroPadding1D ZeroPadding2D ZeroPad1d ZeroPad2d zero_padding zero_pad",
    "permute": "~Permute ~swapaxes ~movedim ~moveaxis",
    "poly": "PolynomialFeatures polynomial",
    "positional": (
        "PositionalEncoding SinePositionEncoding ~PositionEmbedding position_encoding pos_encoding"
    ),
    "prelu": "~PReLU",
    "relu": "ReLU rectifier RectifiedLinear",
    "repeat": "RepeatVector",
    "reshape": "Reshape ~Unflatten",
    "rmsnorm": "~RMSNorm ~RMSNormalization",
    "rnn": "SimpleRNN ~RNN ~RNNCell ~SimpleRNNCell vanilla_rnn ElmanRNN",
    "scale": "Rescaling rescale ~multiply_by ~Scale",
    "selu": "SELU",
    "shift": "~Bias ~offset ~add_scalar",
    "sigmoid": "Sigmoid sigm",
    "silu": "SiLU Swish swish1",
    "softmax": "Softmax",
    "softplus": "Softplus BNLL",
    "softsign": "Softsign",
    "sub": "Subtract",
    "tanh": "Tanh tansig",
    "transpose": "Transpose",
    "upsample": "~UpSampling1D ~UpSampling2D ~Upsample ~UpsamplingNearest2d ~Resize",
    # kinds with arguments, and several stages for one
    "lstm … bidirectional=true": "BiLSTM bidirectional_lstm blstm",
    "gru … bidirectional=true": "BiGRU bidirectional_gru bgru",
    "rnn … bidirectional=true": "BiRNN bidirectional_rnn brnn",
    "embedding … -> mean axis=0": "EmbeddingBag",
    "depthwise {1} bias=false -> conv {0} 1": "SeparableConv1D SeparableConv2D SeparableConvolution2D",
    "conv … kernel=1": "pointwise_conv pointwise conv1x1",
    "~mean axis=0": "GlobalAveragePooling1D GlobalAvgPool1D global_avg_pool1d",
    "~max axis=0": "GlobalMaxPooling1D GlobalMaxPool1D global_max_pool1d",
    "scale -1 -> softplus -> scale -1": "LogSigmoid",
    "scale -1 -> softmax": "Softmin",
    "[id, tanh] -> sub": "Tanhshrink",
    "[id, scale -1] -> max": "Abs AbsVal",
    "[id, id] -> mul": "Square",
    "scale -1": "Neg Negative",
}
"""The names in nnc, with the words for them elsewhere."""

ABSENT = {
    "nnc has no three-dimensional layers; convolutions and pools read CxL and CxHxW": (
        "Conv3D Convolution3D Conv3DTranspose ConvTranspose3d MaxPooling3D MaxPool3D AvgPool3d "
        "AveragePooling3D GlobalAveragePooling3D GlobalMaxPooling3D AdaptiveAvgPool3d "
        "AdaptiveMaxPool3d BatchNorm3d ZeroPadding3D Cropping3D UpSampling3D Dropout3d "
        "LazyConv3d ConvLSTM3D"
    ),
    "nnc has no local response normalisation; `batchnorm` normalises otherwise, per channel": (
        "LRN LocalResponseNorm local_response_normalization"
    ),
    "nnc has no attention between two sequences; `attention HEADS` is self-attention": (
        "cross_attention AdditiveAttention encoder_decoder_attention "
        "GroupQueryAttention BahdanauAttention LuongAttention scaled_dot_product_attention"
    ),
    "there is no single instance normalisation; `groupnorm G` with one group for every channel "
    "is that": "InstanceNorm InstanceNorm1d InstanceNorm2d InstanceNorm3d InstanceNormalization",
    "the kind of pooling is part of the name: `maxpool K`, `avgpool K`, `global_avgpool` or "
    "`global_maxpool`": "Pooling pool pool2d pooling2d",
    "the merge is named by what it does: `[…, …] -> add`, or `sub`, `mul`, `max`, `mean`": (
        "Eltwise elementwise merge Merge"
    ),
    "nnc has no smallest value of several; `max` and `mean` are merges": "Minimum Min ReduceMin",
    "nnc has no division, powers, roots, exponentials or logarithms of values; fixed numbers "
    "multiply with `scale` and add with `shift`": (
        "Div Divide Pow Power Sqrt Exp Log exponential Reciprocal ReduceL1 ReduceL2 ReduceLogSum "
        "ReduceLogSumExp log_sum_exp Erf sin cos"
    ),
    "the axis of a mean is counted without the batch: `mean axis=0` is over the first axis of a "
    "row": "ReduceMean reduce_mean",
    "the axis of a maximum is counted without the batch: `max axis=0` is over the first axis of "
    "a row": "ReduceMax reduce_max amax",
    "the axis of a sum is counted without the batch: `sum axis=0` is over the first axis of a "
    "row": "Reduction ReduceSum",
    "a product with weights is `dense N bias=false`; there is none of two values but `dot`": (
        "MatMul matmul bmm Bilinear einsum"
    ),
    "nnc has no bounds to clip at; `hard_tanh` clips at -1 and 1": "Clip Clamp clip_by_value",
    "nnc has no such activation; `nnc layers` lists those there are": (
        "CELU GLU SwiGLU GeGLU RReLU Hardshrink Softshrink soft_shrink hard_shrink Threshold "
        "ThresholdedReLU Maxout Hardmax sparsemax sparse_plus crelu snake "
        "sparse_sigmoid heaviside"
    ),
    "nnc has no dropout of whole channels; `dropout p` zeroes single entries": (
        "SpatialDropout1D SpatialDropout2D SpatialDropout3D Dropout1d Dropout2d DropBlock "
        "feature_dropout"
    ),
    "nnc has no such noise; there is `dropout p` and `noise std`": (
        "AlphaDropout FeatureAlphaDropout GaussianDropout DropPath stochastic_depth"
    ),
    "nnc pads with zeros only: `pad n`": (
        "ReflectionPad1d ReflectionPad2d ReplicationPad1d ReplicationPad2d ConstantPad1d "
        "ConstantPad2d CircularPad2d reflection_pad"
    ),
    "`upsample` repeats the nearest value and does not interpolate": (
        "UpsamplingBilinear2d bilinear_upsample Interpolate interpolate"
    ),
    "nnc pools to one value a channel (`global_avgpool`) or with a window of fixed size "
    "(`avgpool K`)": "SPP spatial_pyramid_pooling LPPool1d LPPool2d LpPool GlobalLpPool "
    "FractionalMaxPool2d MaxUnpool MaxUnpool2d",
    "an axis of one entry is added or dropped with `reshape`": "Squeeze Unsqueeze expand_dims",
    "name a value with `as NAME` and begin other chains with that name": "Split unstack chunk tee",
    "nnc has no new axis for several values; `[…, …] -> concat` joins along one that is there": (
        "Stack Pack"
    ),
    "`repeat n` makes a new first axis of n copies": "Tile Expand",
    "nnc has no such rearrangement; there is `reshape`, `transpose` and `permute`": (
        "PixelShuffle PixelUnshuffle DepthToSpace SpaceToDepth ChannelShuffle Fold Unfold Im2col"
    ),
    "stages follow one another with arrows: `input 784 -> dense 30 relu -> dense 10`": (
        "Sequential Model ModuleList"
    ),
    "nnc has no layer of free code; `nnc layers` lists what there is": (
        "Lambda Python Module custom_layer"
    ),
    "what a stage does is done at every position: write the stage alone": "TimeDistributed",
    "say that rows differ in length at the input: `input Tx8 ragged`": "Masking PackedSequence",
    "the direction is an argument: `lstm 30 bidirectional=true`": "Bidirectional",
    "an activation stands by its name: `relu`": "Activation nonlinearity",
    "nnc has no convolution within a recurrent layer": "ConvLSTM ConvLSTM1D ConvLSTM2D",
    "nnc has no transformer in one word; examples/transformer.nn builds one from `attention`, "
    "`layernorm` and `dense`": (
        "Transformer TransformerEncoder TransformerDecoder TransformerEncoderLayer "
        "TransformerDecoderLayer TransformerBlock bert gpt"
    ),
    "nnc has no constraint or reparametrisation of weights": (
        "SpectralNormalization spectral_norm WeightNorm weight_norm weight_normalization"
    ),
    "penalties are a statement of their own: `regularize l2=…`": "ActivityRegularization",
    "data are prepared before they come in; a fixed mean and deviation is `normalize mean=… "
    "std=…`": (
        "MVN Data ImageData HDF5Data DummyData RandomFlip RandomRotation RandomZoom RandomCrop "
        "CenterCrop Resizing TextVectorization StringLookup IntegerLookup Discretization Hashing "
        "CategoryEncoding"
    ),
    "`crop 1:3` keeps the entries from 1 up to 3 of an axis; how much is cut is not said": (
        "Cropping1D Cropping2D Slice narrow"
    ),
    "a position or class with the largest value is found after prediction, as with `argmax(1)`": (
        "ArgMax TopK topk"
    ),
    "ids come in as whole numbers, `input T int`, and go through `embedding V D`": "OneHot one_hot",
    "the element type of a whole model is set by `dtype float64`": "Cast to_float",
    "nnc has no graphs": "gcn gat GCNConv GraphConv SAGEConv GATConv message_passing",
    "a spec says one network with one training loop; an adversarial pair is two programs": (
        "gan wgan dcgan"
    ),
    "nnc has no sampled layers yet": "vae Sampling sampler reparameterize",
    "the loss is a statement of its own: `loss crossentropy`": "SoftmaxWithLoss",
    "nnc has no spiking or Hopfield networks": "snn spiking hopfield rbm",
}
"""Advice for words without an equivalent, and the words."""

BY_PLACE = {
    "Linear": "in units",
    "LazyLinear": "units",
    "Conv1d": "in filters kernel stride pad dilation groups",
    "Conv2d": "in filters kernel stride pad dilation groups",
    "LazyConv1d": "filters kernel stride pad dilation groups",
    "LazyConv2d": "filters kernel stride pad dilation groups",
    "Conv1D": "filters kernel stride pad",
    "Conv2D": "filters kernel stride pad",
    "ConvTranspose1d": "in filters kernel stride pad output_pad groups",
    "ConvTranspose2d": "in filters kernel stride pad output_pad groups",
    "Conv1DTranspose": "filters kernel stride pad",
    "Conv2DTranspose": "filters kernel stride pad",
    "DepthwiseConv2D": "kernel stride pad mult",
    "BatchNorm1d": "in eps momentum",
    "BatchNorm2d": "in eps momentum",
    "LayerNorm": "in eps",
    "RMSNorm": "in eps",
    "GroupNorm": "groups in eps",
    "MaxPool1d": "kernel stride pad",
    "MaxPool2d": "kernel stride pad",
    "AvgPool1d": "kernel stride pad",
    "AvgPool2d": "kernel stride pad",
    "MaxPooling1D": "kernel stride pad",
    "MaxPooling2D": "kernel stride pad",
    "AveragePooling1D": "kernel stride pad",
    "AveragePooling2D": "kernel stride pad",
    "MultiheadAttention": "in heads",
    "Flatten": "_",
}
"""The order of positional values in libraries that differ from nnc."""

RECURRENT = "in units layers"
"""The positional values of PyTorch's RNN, LSTM and GRU, where there are two or more."""

ONLY = {
    "AdaptiveAvgPool1d": ("1",),
    "AdaptiveAvgPool2d": ("1", "1x1"),
    "AdaptiveMaxPool1d": ("1",),
    "AdaptiveMaxPool2d": ("1", "1x1"),
}
"""Words that are a kind of nnc only for these values, which are then left out."""
