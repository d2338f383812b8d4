#pragma once

// The whole library, in the order data flows through it.
// clang-format off

// core: shapes, memory, randomness, threads
#include <strata/core/buffer.hpp>
#include <strata/core/concepts.hpp>
#include <strata/core/error.hpp>
#include <strata/core/function_view.hpp>
#include <strata/core/initialise.hpp>
#include <strata/core/initialiser.hpp>
#include <strata/core/parallel.hpp>
#include <strata/core/parameter.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/random.hpp>
#include <strata/core/random_bits.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd.hpp>
#include <strata/core/simd_math.hpp>
#include <strata/core/simd_pack.hpp>
#include <strata/core/sweep.hpp>
#include <strata/core/tensor.hpp>
#include <strata/core/trace.hpp>
#include <strata/core/unroll.hpp>

// data: where samples come from
#include <strata/data/batches.hpp>
#include <strata/data/cache.hpp>
#include <strata/data/cifar10.hpp>
#include <strata/data/dataset.hpp>
#include <strata/data/idx.hpp>
#include <strata/data/mnist.hpp>
#include <strata/data/prefetch.hpp>
#include <strata/data/transformed.hpp>
#include <strata/data/transforms/affine.hpp>
#include <strata/data/transforms/alternating_flip.hpp>
#include <strata/data/transforms/brightness.hpp>
#include <strata/data/transforms/contrast.hpp>
#include <strata/data/transforms/cutout.hpp>
#include <strata/data/transforms/elastic.hpp>
#include <strata/data/transforms/horizontal_flip.hpp>
#include <strata/data/transforms/image.hpp>
#include <strata/data/transforms/random_crop.hpp>
#include <strata/data/transforms/resample.hpp>
#include <strata/data/transforms/standardise.hpp>
#include <strata/data/transforms/subtract_mean_image.hpp>
#include <strata/data/transforms/translate.hpp>
#include <strata/data/whitening.hpp>

// kernels: the arithmetic, on pointers and sizes
#include <strata/kernels/bias.hpp>
#include <strata/kernels/conv2d.hpp>
#include <strata/kernels/conv2d_axes.hpp>
#include <strata/kernels/conv2d_direct.hpp>
#include <strata/kernels/conv2d_direct_weights.hpp>
#include <strata/kernels/conv2d_gemm.hpp>
#include <strata/kernels/conv2d_reference.hpp>
#include <strata/kernels/conv2d_sizes.hpp>
#include <strata/kernels/dense.hpp>
#include <strata/kernels/gemm.hpp>
#include <strata/kernels/im2col.hpp>
#include <strata/kernels/normalise.hpp>
#include <strata/kernels/pool.hpp>
#include <strata/kernels/product.hpp>
#include <strata/kernels/register_tile.hpp>
#include <strata/kernels/rows.hpp>
#include <strata/kernels/thin_product.hpp>
#include <strata/kernels/transpose.hpp>
#include <strata/kernels/winograd.hpp>
#include <strata/kernels/winograd_choice.hpp>
#include <strata/kernels/winograd_plan.hpp>
#include <strata/kernels/winograd_transforms.hpp>

// layers: what a network is made of
#include <strata/layers/average_pool2d.hpp>
#include <strata/layers/batch_norm.hpp>
#include <strata/layers/concatenate.hpp>
#include <strata/layers/conv2d.hpp>
#include <strata/layers/dense.hpp>
#include <strata/layers/dropout.hpp>
#include <strata/layers/elu.hpp>
#include <strata/layers/flatten.hpp>
#include <strata/layers/frozen.hpp>
#include <strata/layers/gelu.hpp>
#include <strata/layers/global_average_pool.hpp>
#include <strata/layers/global_max_pool.hpp>
#include <strata/layers/identity.hpp>
#include <strata/layers/leaky_relu.hpp>
#include <strata/layers/max_pool2d.hpp>
#include <strata/layers/maxout.hpp>
#include <strata/layers/plan.hpp>
#include <strata/layers/pointwise.hpp>
#include <strata/layers/pool.hpp>
#include <strata/layers/prelu.hpp>
#include <strata/layers/relu.hpp>
#include <strata/layers/residual.hpp>
#include <strata/layers/scale.hpp>
#include <strata/layers/sequence.hpp>
#include <strata/layers/sigmoid.hpp>
#include <strata/layers/softmax.hpp>
#include <strata/layers/tanh.hpp>

// network: layers in a row, their shapes, parameters and memory
#include <strata/network/network.hpp>
#include <strata/network/parameters.hpp>
#include <strata/network/summary.hpp>
#include <strata/network/workspace.hpp>

// loss: how wrong an output is
#include <strata/loss/binary_cross_entropy.hpp>
#include <strata/loss/hinge.hpp>
#include <strata/loss/loss.hpp>
#include <strata/loss/mean_squared_error.hpp>
#include <strata/loss/softmax_cross_entropy.hpp>

// optim: how parameters change
#include <strata/optim/adadelta.hpp>
#include <strata/optim/adagrad.hpp>
#include <strata/optim/adam.hpp>
#include <strata/optim/check.hpp>
#include <strata/optim/clip.hpp>
#include <strata/optim/ema.hpp>
#include <strata/optim/regulariser.hpp>
#include <strata/optim/rmsprop.hpp>
#include <strata/optim/schedule.hpp>
#include <strata/optim/segments.hpp>
#include <strata/optim/sgd.hpp>
#include <strata/optim/update.hpp>

// train: the loop around all of it
#include <strata/train/callback.hpp>
#include <strata/train/callbacks/early_stopping.hpp>
#include <strata/train/callbacks/evaluate_on.hpp>
#include <strata/train/callbacks/log_to.hpp>
#include <strata/train/callbacks/look_ahead.hpp>
#include <strata/train/callbacks/progress_bar.hpp>
#include <strata/train/evaluate.hpp>
#include <strata/train/fit.hpp>
#include <strata/train/interrupt.hpp>
#include <strata/train/run.hpp>
#include <strata/train/test_time.hpp>
#include <strata/train/trainer.hpp>
