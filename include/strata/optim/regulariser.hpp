#pragma once

namespace strata {

/// What pulls parameters of kind::weight, and only those, towards 0; in one pass with the optimizer's update.
struct regulariser {
    /// Adds l2 w²/2 per weight to the loss: l2 w to its gradient, before the optimizer sees it. (The loss
    /// that is reported stays without it.) PyTorch's `weight_decay` of sgd and adam; Keras' l2(l2 / 2).
    double l2 = 0;
    /// Decoupled weight decay (Loshchilov and Hutter, 2019): w becomes w - learning_rate weight_decay w
    /// before the optimizer's own update, as in PyTorch's AdamW.
    double weight_decay = 0;
};

} // namespace strata
