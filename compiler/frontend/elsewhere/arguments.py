"""Arguments in other libraries, with their equivalents in nnc.

A meaning is looked up by the kind first (`huber.delta`), then by the argument alone. `~` before a
word says that its values may mean something else."""

from __future__ import annotations

KEYS = {
    # layers with weights
    "dense.units rnn.units lstm.units gru.units": (
        "out_features num_output num_units n_units neurons hidden_size hidden hidden_dim "
        "num_hidden hidden_units output_dim output_size n_out features nodes size outputs width"
    ),
    "filters": (
        "out_channels num_output num_filters n_filters nb_filter filter channels features "
        "num_kernels output_channels"
    ),
    "kernel": (
        "kernel_size kernel_shape pool_size ksize filter_size kernel_dim window window_size "
        "window_shape"
    ),
    "stride": "strides subsample pool_stride",
    "conv.pad conv_transpose.pad depthwise.pad local.pad maxpool.pad avgpool.pad": (
        "padding pads border_mode auto_pad pad_type"
    ),
    "ceil": "",
    "avgpool.count": "",
    "dilation": "dilations dilation_rate atrous_rate rate",
    "groups": "group num_groups n_groups feature_group_count",
    "output_pad": "output_padding",
    "mult": "depth_multiplier depthwise_multiplier channel_multiplier",
    "in": (
        "in_features in_channels input_dim input_size input_shape n_in num_features num_channels "
        "embed_dim d_model normalized_shape inputs batch_input_shape"
    ),
    "bias": "use_bias bias_term fit_intercept has_bias with_bias",
    "init": (
        "kernel_initializer weight_initializer weights_initializer embeddings_initializer "
        "depthwise_initializer weight_init weight_filler kernel_init initializer ~weights"
    ),
    "bias_init": "bias_initializer bias_filler",
    "tie": "tied tied_to tie_to tie_weights",
    "frozen": "freeze",
    "heads": "num_heads n_heads n_head nhead num_attention_heads head_count",
    "causal": "is_causal use_causal_mask unidirectional causal_mask",
    "embedding.count": "num_embeddings vocab_size vocab input_dim num_tokens n_tokens",
    "embedding.size": (
        "embedding_dim output_dim embedding_size embed_dim embed_size num_output dim features"
    ),
    "layers": "num_layers n_layers nlayers",
    "bidirectional": "bidirect is_bidirectional",
    "reverse": "go_backwards is_reverse reversed",
    "rnn.start lstm.start gru.start": (
        "initial_state init_state h0 hx h_0 hidden_state initial_hidden first_state encoder_state"
    ),
    "return": "",
    "rnn.dropout lstm.dropout gru.dropout": "dropout_rate dropout_p",
    "learned": "learnable learned_encoding",
    "positional.max": (
        "max_len max_length max_position_embeddings max_seq_len sequence_length max_position"
    ),
    "weightedpool.normalize": "",
    # other layers
    "dropout.p": "rate prob drop_prob dropout_rate drop_rate dropout_ratio ratio drop probability",
    "elu.a leaky_relu.a": "alpha negative_slope slope leakiness",
    "relu.max": "max_value",
    "embedding.pad": "padding_idx pad_id padding_id",
    "sigmoid.beta": "slope steepness",
    "approx": "",
    "momentum": "mu",
    "eps": "epsilon",
    "axis": "dim axes",
    "reshape.size": "target_shape shape unflattened_size newshape",
    "pad.size": "padding pads width",
    "ranges": "slices range",
    "order": "dims perm axes",
    "degree": "power max_degree",
    "copies": "n times num repeats count",
    "upsample.factor": "scale_factor size scales scale",
    "scale.a": "factor scale value",
    "shift.b": "offset value",
    "normalize.mean": "mu means",
    "normalize.std": "stds sigma stddev",
    "noise.std": "stddev sigma scale",
    # losses and metrics
    "reduction": "reduce",
    "pos_weight": "positive_weight pos_weights",
    "smoothing": "label_smoothing smooth",
    "crossentropy.weights": "~class_weight ~class_weights ~class_weighting",
    "weight": "loss_weight loss_weights factor coefficient",
    "delta": "threshold",
    "k": "top_k n",
    # optimizers
    "lr": "learning_rate base_lr eta step_size initial_learning_rate",
    "sgd.weight_decay adam.weight_decay adamw.weight_decay lion.weight_decay "
    "nadam.weight_decay rmsprop.weight_decay adagrad.weight_decay adadelta.weight_decay": (
        "wd weight_decay_rate"
    ),
    "sgd.weight_decay adam.weight_decay nadam.weight_decay rmsprop.weight_decay "
    "adagrad.weight_decay adadelta.weight_decay": "~l2",
    "beta1": "beta_1 b1",
    "beta2": "beta_2 b2",
    "nesterov": "use_nesterov nesterov_momentum",
    "dampening": "damping",
    "amsgrad": "use_amsgrad",
    "correction": "bias_correction correct_bias",
    "rho": "decay_rate",
    "rmsprop.alpha": "rho decay_rate rms_decay smoothing_constant",
    "centered": "centred",
    "lr_decay": "learning_rate_decay",
    "adagrad.start": "initial_accumulator_value",
    "momentum_decay": "schedule_decay",
    "decoupled": "decoupled_weight_decay",
    "decay": "",
    # schedules
    "steps": "~T_max total_steps ~total_iters decay_steps max_iter num_training_steps",
    "cosine.min": "eta_min min_lr",
    "onecycle.max": "max_lr",
    "end": "end_lr end_learning_rate final_lr",
    "every": "~step_size stepsize decay_steps",
    "multistep.milestones": "~boundaries ~steps",
    "multistep.gamma": "factor decay_rate decay_factor drop",
    "step.gamma": "factor decay_rate decay_factor drop",
    "exponential.gamma": "~factor ~decay_rate",
    "warmup": "warmup_steps num_warmup_steps warmup_iters n_warmup",
    "crossentropy.ignore": "ignore_index ignore_class ignore_label ignored_class",
    # initialisations
    "normal.std": "stddev sigma scale",
    "uniform.a": "bound limit scale",
    "constant.v": "value val fill_value c",
    # statements
    "regularize.l1": "lasso l1_reg l1_penalty",
    "regularize.l2": "ridge l2_reg l2_penalty ~weight_decay",
    "train.batch": "batch_size minibatch mini_batch batchsize",
    "train.epochs": "num_epochs n_epochs max_epochs nb_epoch epoch",
    "train.seed": "random_state random_seed manual_seed",
    "train.shuffle": "shuffled",
    "train.drop_last": "drop_remainder",
    "clip.norm": "max_norm clipnorm clip_norm global_clipnorm clip_gradients max_grad_norm",
    "clip.value": "clip_value clipvalue max_value",
}
"""The names of arguments in nnc, with the words for them elsewhere; some have none."""

VALUES = {
    "return_sequences return_sequence": {"true": "return=all", "false": "return=last"},
    "approximate": {
        "tanh": "approx=tanh",
        "none": "approx=none",
        "true": "approx=tanh",
        "false": "approx=none",
    },
    "direction": {"bidirectional": "bidirectional=true", "reverse": "reverse=true", "forward": ""},
    "no_bias": {"true": "bias=false", "false": "bias=true"},
    "mode interpolation": {"nearest": ""},
    "data_format": {"channels_first": "", "nchw": "", "ncl": "", "ncw": ""},
    "batch_first": {"true": ""},
    "ceil_mode": {"false": "", "0": "", "true": "ceil=true", "1": "ceil=true"},
    "round_mode": {"floor": "", "ceil": "ceil=true"},
    "count_include_pad": {"false": "count=data", "0": "count=data", "true": "", "1": ""},
    "return_state": {"false": ""},
    "stateful": {"false": ""},
    "affine elementwise_affine center track_running_stats": {"true": ""},
    "trainable requires_grad": {"true": "", "false": "frozen=true"},
    "padding_mode": {"zeros": ""},
    "dim axis": {"-1": ""},
    "start_dim": {"1": ""},
    "end_dim": {"-1": ""},
    "mask_zero": {"false": ""},
    "reset_after linear_before_reset": {"true": "", "1": ""},
    "full log_target": {"false": ""},
    "log_input": {"true": ""},
    "maximize": {"false": ""},
    "filter_bias_and_bn no_bias_decay bn_wd_skip": {"true": "decay=weights", "false": ""},
}
"""Arguments whose value determines the replacement; "" means that it is nnc's behaviour anyway."""

ALWAYS_SO = (
    "inplace device foreach capturable fused differentiable unroll from_logits "
    "use_cudnn_on_gpu storage_order verbose last_epoch"
)
"""Arguments that are meaningless in nnc, whatever their value, and are left out."""

NUMBERS = {
    "decay": "elsewhere a number here lowers the rate as training goes on, which a schedule does: "
    "`schedule exponential gamma=…`; a penalty on the weights is `weight_decay=`",
}
"""Advice for a number where one of a few words is expected, by the argument."""

ABSENT = {
    "the rate is lowered by a schedule: `schedule exponential gamma=…` or `schedule step every=… "
    "gamma=…`": "sgd.gamma adam.gamma sgd.lr_decay adam.lr_decay sgd.learning_rate_decay",
    "elsewhere this is the part of the old statistics that is kept; `momentum=` is the part of the "
    "new ones: `momentum=0.01` for 0.99": "batchnorm.decay batchnorm.moving_average_fraction",
    "nnc pads with zeros only": "padding_mode pad_value constant_values",
    "channels come first here: `input 3x32x32`": "data_format",
    "`upsample` repeats the nearest value and does not interpolate": (
        "mode interpolation align_corners"
    ),
    "sizes are rounded down here; only `maxpool` and `avgpool` may round up": "ceil_mode round_mode",
    "nnc has no dropout within the recurrence; `dropout=` lies between the layers": (
        "recurrent_dropout"
    ),
    "penalties are a statement for all weights: `regularize l2=…`": (
        "kernel_regularizer bias_regularizer activity_regularizer weights_regularizer "
        "embeddings_regularizer recurrent_regularizer"
    ),
    "nnc has no constraint of weights": (
        "kernel_constraint bias_constraint recurrent_constraint embedding.max_norm "
        "embeddings_constraint"
    ),
    "`pad=0` makes the vectors of an id zero; rows that differ in length are `input T int ragged`": (
        "mask_zero"
    ),
    "a layer's initialisation covers all of its weights: `init=`": (
        "recurrent_initializer gate_initializer"
    ),
    "a recurrent layer starts at zeros and gives no state": "return_state stateful batch_first",
    "the nonlinearities of the gates are fixed": "recurrent_activation",
    "`count=` of `avgpool` says whether padding counts in the mean": (
        "count_include_pad divisor_override"
    ),
    "each axis of a size is part of it: `3x5` is three high and five wide": (
        "kernel_h kernel_w stride_h stride_w pad_h pad_w"
    ),
    "gains and biases are always there, and running statistics kept": (
        "affine elementwise_affine center scale_gain track_running_stats"
    ),
    "the learned slope of prelu starts at 0.25; a fixed one is `leaky_relu(0.2)`": (
        "prelu.init prelu.alpha_initializer prelu.a prelu.alpha"
    ),
    "it works on the last axis": (
        "softmax.dim softmax.axis log_softmax.dim log_softmax.axis layernorm.axis rmsnorm.axis "
        "dot.axes dot.dim"
    ),
    "it works on the first axis of a row, the channels": "batchnorm.axis groupnorm.axis",
    "prelu has one slope for the whole layer": "prelu.num_parameters prelu.shared_axes",
    "relu begins at 0, and what lies below has no slope; with a slope it is `leaky_relu(0.2)`": (
        "relu.threshold relu.negative_slope"
    ),
    "crossentropy alone can leave out targets: `loss crossentropy ignore=ID`": (
        "ignore_index ignore_class"
    ),
    "weights of rows are a setting of training: `train weights=rows`": (
        "sample_weight sample_weights row_weight row_weights"
    ),
    "weights of classes belong to the loss: `loss crossentropy weights=balanced`": (
        "train.class_weight train.class_weights"
    ),
    "the smooth l1 loss of another beta is the huber loss divided by beta": "huber.beta",
    "the rate that training ends with is a fraction elsewhere, and a rate here": (
        "cosine.alpha linear.end_factor linear.start_factor"
    ),
    "the rate starts as the optimizer says: `optimizer sgd lr=…`": (
        "cosine.initial_learning_rate step.initial_learning_rate linear.initial_learning_rate "
        "exponential.initial_learning_rate onecycle.initial_learning_rate "
        "constant.initial_learning_rate"
    ),
    "`gamma=` is the factor of one step of the optimizer": (
        "exponential.decay_steps exponential.staircase"
    ),
    "the cycle is fixed; `warmup=` says how many steps it rises": (
        "pct_start div_factor final_div_factor cycle_momentum anneal_strategy three_phase"
    ),
    "the power is 1": "linear.power",
    "the loss is always made smaller": "maximize",
    "nnc has no moving average of weights": "use_ema ema_momentum averaging",
    "the key size is the number of features divided by `heads`": "key_dim kdim vdim value_dim",
    "attention has no dropout of its own; `dropout p` is a stage": (
        "attention.dropout attn_dropout attention_dropout"
    ),
    "a multiplier of the channels is `mult=` of `depthwise`": "conv.depth_multiplier",
    "the standard deviation is the root of it: `std=…`": "normalize.variance noise.variance",
    "there is no mean: `normal(std)` is around 0": "normal.mean noise.mean",
    "the bounds are ±a: `uniform(0.05)`": "uniform.minval uniform.maxval uniform.low uniform.high",
}
"""Advice for arguments without an equivalent, and the words."""
