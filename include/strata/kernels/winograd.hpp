#pragma once

#include <strata/core/parallel.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/simd_math.hpp>
#include <strata/kernels/conv2d_sizes.hpp>
#include <strata/kernels/register_tile.hpp>
#include <strata/kernels/transpose.hpp>
#include <strata/kernels/winograd_plan.hpp>
#include <strata/kernels/winograd_transforms.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

// Convolutions with 3x3 kernels and stride 1 by Winograd's F(2x2, 3x3) and F(4x4, 3x3): 16 multiplications in
// place of 36 for every tile of 2x2 outputs, 36 in place of 144 for one of 4x4. A convolution with stride 2
// is one with stride 1 whose channels are those of the four images of every other row and column: kernels of
// up to 6x6 become up to 3x3, a 5x5 kernel has 36 multiplications a tile and phase in place of 100 on
// average. winograd_choice.hpp knows where that is faster than a direct kernel.
//
// Rounding: the largest error over the largest sum of |x| |w| of an output (of |x| |dy| of a weight
// gradient), in units of T's epsilon; tests/kernels/winograd_test.cpp measures and bounds it. With 64
// channels and more 1.3 for F(2x2) and 2.6 for F(4x4); with a few channels, or images of a few pixels, up to
// 2 and 9; with stride 2, on machines without fused multiply-adds, up to 14.

namespace strata {

namespace detail {

/// One tile of the images of a plan: where it begins in its image, and where its image begins.
struct winograd_place {
    index image, row, column;

    template <class Plan> static winograd_place of(const Plan& plan, index number, index tile) {
        const index columns = plan.tile_columns(), in_image = plan.tile_rows() * columns;
        const index inside = number % in_image;
        return {number / in_image, inside / columns * tile, inside % columns * tile};
    }
};

/// Where the pixels of a square of Side x Side, `step` apart, lie in an image of (height, width, channels),
/// from (row, column) on; `zeros` for those outside.
template <std::size_t Side, class T>
std::array<const T*, Side * Side> pixels(const T* image, index height, index width, index channels, index row,
                                         index column, index step, const T* zeros) {
    std::array<const T*, Side * Side> at;
    for (std::size_t i = 0; i < Side; ++i)
        for (std::size_t j = 0; j < Side; ++j) {
            const index y = row + static_cast<index>(i) * step, x = column + static_cast<index>(j) * step;
            const bool inside = y >= 0 && y < height && x >= 0 && x < width;
            at[i * Side + j] = inside ? image + (y * width + x) * channels : zeros;
        }
    return at;
}

/// Calls body(tile, at, next) for the tiles begin .. end: where the Side x Side pixels of the tile lie, and
/// those of the tile behind it, which may be fetched meanwhile. Images are (height, width, channels); the
/// tile of outputs (0, 0) begins at pixel (row, column), and pixels of a tile are `step` apart.
template <std::size_t Side, class T, index Tile, class Body>
void each_tile(const winograd_plan<T, Tile>& plan, index begin, index end, const T* images, index height,
               index width, index channels, index row, index column, index step, const T* zeros,
               const Body& body) {
    const auto look = [&](index tile) {
        const auto place = winograd_place::of(plan, tile, Tile);
        return pixels<Side>(images + place.image * height * width * channels, height, width, channels,
                            place.row * step + row, place.column * step + column, step, zeros);
    };
    auto at = look(begin);
    for (index tile = begin; tile < end; ++tile) {
        const auto next = look(std::min(tile + 1, plan.tiles() - 1));
        body(tile, at, next);
        at = next;
    }
}

/// V = B' x B for the tiles begin .. end and the channels of one phase: v + position * stride + (tile,
/// channel), tiles `tile_stride` apart.
template <class T, index Tile>
void transform_inputs(T* v, index stride, index tile_stride, const winograd_plan<T, Tile>& plan, index phase,
                      index begin, index end, const T* x, const T* zeros) {
    using matrices = winograd<T, Tile>;
    constexpr std::size_t side = matrices::points;
    const auto& phases = plan.phases;
    const window& g = plan.s.geometry;
    const index channels = phases.of_output ? plan.s.channels : phases.real.channels;
    const index step = phases.of_output ? 1 : phases.step;
    const index row = phases.of_output ? -g.top : phases.row(phase);
    const index column = phases.of_output ? -g.left : phases.column(phase);
    const auto transform = [&](index tile, const auto& at, const auto& next) {
        T* const out = v + (tile - begin) * tile_stride;
        vector_loop<T>(0, channels, [&](index c, auto... n) {
            transform_square<T, side, side>(
                [&](std::size_t i, std::size_t j) {
                    __builtin_prefetch(next[i * side + j] + c);
                    return load(at[i * side + j] + c, n...);
                },
                [](const auto& d) { return matrices::input(d); },
                [&](std::size_t i, std::size_t j, const vector_of<T>& value) {
                    store(out + static_cast<index>(i * side + j) * stride + c, value);
                });
        });
    };
    each_tile<side>(plan, begin, end, x, g.in_height, g.in_width, channels, row, column, step, zeros,
                    transform);
}

/// dM = A dy A' for the tiles begin .. end: m + (block * positions + position) * stride + (tile, filter in
/// the block). Adds dy's pixels to `sums`.
template <class T, index Tile>
void transform_output_gradients(T* m, index stride, T* sums, const winograd_plan<T, Tile>& plan, index begin,
                                index end, const T* dy, const T* zeros) {
    using matrices = winograd<T, Tile>;
    constexpr std::size_t side = matrices::tile;
    const window& g = plan.s.geometry;
    const auto transform = [&](index tile, const auto& at, const auto& next) {
        vector_loop<T>(0, plan.s.filters, [&](index f, auto... n) {
            T* const out =
                m + f / plan.width * plan.positions * stride + (tile - begin) * plan.width + f % plan.width;
            vector_of<T> sum = load(sums + f);
            transform_square<T, side, matrices::points>(
                [&](std::size_t i, std::size_t j) {
                    __builtin_prefetch(next[i * side + j] + f);
                    const vector_of<T> value = load(at[i * side + j] + f, n...);
                    sum = sum + value;
                    return value;
                },
                [](const auto& y) { return matrices::output_gradient(y); },
                [&](std::size_t i, std::size_t j, const vector_of<T>& value) {
                    store(out + static_cast<index>(i * matrices::points + j) * stride, value);
                });
            store(sums + f, sum);
        });
    };
    each_tile<side>(plan, begin, end, dy, g.out_height, g.out_width, plan.s.filters, 0, 0, 1, zeros,
                    transform);
}

/// y = A' M A for one tile and one block of filters: finish(vector, place in y, filter, n...) is stored.
/// `beside` is null, or an array like y that finish reads.
template <class T, index Tile, class Finish>
void transform_output(T* y, const T* m, index stride, const winograd_plan<T, Tile>& plan, index tile,
                      index block, const T* beside, const Finish& finish) {
    using matrices = winograd<T, Tile>;
    const auto& phases = plan.phases;
    const conv2d_sizes& real = phases.real;
    const window& g = plan.s.geometry;
    const index first = block * plan.width, count = std::min(plan.width, plan.s.filters - first);
    const bool split = phases.of_output;
    const index step = split ? phases.step : 1, channels = split ? real.channels : real.filters;
    const index height = split ? real.geometry.in_height : g.out_height;
    const index width = split ? real.geometry.in_width : g.out_width;
    const auto place = winograd_place::of(plan, tile, Tile);
    const auto next = winograd_place::of(plan, std::min(tile + 1, plan.tiles() - 1), Tile);
    const index pixel_stride = step * channels, row_stride = step * width * channels;
    const index to_next = (next.image - place.image) * height * width * channels
                          + (next.row - place.row) * row_stride + (next.column - place.column) * pixel_stride;
    for (index f = 0; f < count; f += lanes<T>) {
        const index phase = split ? (first + f) / phases.width : 0,
                    channel = first + f - phase * phases.width;
        const index row = place.row * step + (split ? phases.row(phase) : 0);
        const index column = place.column * step + (split ? phases.column(phase) : 0);
        const index here = ((place.image * height + row) * width + column) * channels + channel;
        const auto each = [&](auto... n) {
            transform_square<T, matrices::points, matrices::tile>(
                [&](std::size_t i, std::size_t j) {
                    return load(m + static_cast<index>(i * matrices::points + j) * stride + f);
                },
                [](const auto& values) { return matrices::output(values); },
                [&](std::size_t i, std::size_t j, const vector_of<T>& value) {
                    const index down = static_cast<index>(i), across = static_cast<index>(j);
                    const index at = here + down * row_stride + across * pixel_stride;
                    __builtin_prefetch(y + at + to_next, 1);
                    if (beside) __builtin_prefetch(beside + at + to_next);
                    const index r = row + down * step, c = column + across * step;
                    if (r < 0 || r >= height || c < 0 || c >= width) return;
                    store(y + at, finish(value, at, channel, n...), n...);
                });
        };
        if (channels - channel >= lanes<T>)
            each();
        else
            each(channels - channel);
    }
}

/// U = G w G' for some channels of one block of filters: u + position * u_stride + (channel, filter). `turn`:
/// w is the forward convolution's, (3, 3, filters, channels) as seen from here, and is turned by half a
/// circle.
template <class T, index Tile>
void transform_filters(T* u, const winograd_plan<T, Tile>& plan, const T* w, bool turn, index block,
                       index begin, index end) {
    using matrices = winograd<T, Tile>;
    const conv2d_sizes& s = plan.s;
    const index stride = plan.u_stride(), vectors = plan.vectors_in(block), first = block * plan.width;
    constexpr index taps = 9;
    T square[taps][static_cast<std::size_t>(lanes<T>)]
            [static_cast<std::size_t>(lanes<T>)]; // channels, filters
    const auto& phases = plan.phases;
    const conv2d_sizes& real = phases.real;
    for (index v = 0; v < vectors; ++v) {
        const index f = first + v * lanes<T>;
        if (turn) { // f is a channel of some phase
            const index phase = f / phases.width, channel = f % phases.width;
            const index count = std::min(lanes<T>, real.channels - channel);
            for (index t = 0; t < taps; ++t) {
                const index at = phases.turned_tap(phase, t / 3, t % 3);
                if (at >= 0)
                    copy_transposed(&square[t][0][0], lanes<T>,
                                    w + (at * real.channels + channel) * real.filters + begin, real.filters,
                                    count, end - begin, true);
                else
                    std::fill_n(&square[t][0][0], lanes<T> * lanes<T>, T(0));
            }
        }
        const index count = std::min(lanes<T>, s.filters - f);
        for (index c = begin; c < end; ++c) {
            const auto tap = [&](std::size_t i, std::size_t j) -> vector_of<T> {
                if (turn) return load(square[i * 3 + j][c - begin]);
                const index number =
                    phases.tap(c / phases.width, static_cast<index>(i), static_cast<index>(j));
                if (number < 0) return vector_of<T>(T(0));
                const T* const at = w + (number * real.channels + c % phases.width) * s.filters + f;
                return count == lanes<T> ? load(at) : load(at, count);
            };
            T* const out = u + c * vectors * lanes<T> + v * lanes<T>;
            transform_square<T, 3, matrices::points>(
                tap, [](const auto& row) { return matrices::filter(row); },
                [&](std::size_t i, std::size_t j, const vector_of<T>& value) {
                    store(out + static_cast<index>(i * matrices::points + j) * stride, value);
                });
        }
    }
}

/// M = V U, or M += V U, at all positions for one block of filters, `tiles` tiles and the channels of one
/// phase.
template <class T, index Tile>
void multiply_positions(T* m, const T* v, const T* u, const winograd_plan<T, Tile>& plan, index block,
                        index piece, index tiles) {
    const index vectors = plan.vectors_in(block), run = plan.tiles_per_run();
    tile_job<T> job{};
    job.a_stride = plan.tile_stride();
    job.b_stride = vectors * lanes<T>;
    job.steps = plan.channels();
    job.start_stride = piece > 0 ? plan.width : 0;
    job.out_stride = plan.width;
    job.columns = vectors * lanes<T>;
    for (index position = 0; position < plan.positions; ++position) {
        job.b = u + position * plan.u_stride() + piece * job.steps * job.b_stride;
        for_each_tile(tiles, vectors, [&](index row, index rows) {
            job.a = v + position * plan.v_stride(run) + row * job.a_stride;
            job.out = m + position * plan.m_stride(run) + row * job.out_stride;
            job.start = piece > 0 ? job.out : nullptr;
            tile<T, left::by_row>(rows, vectors)(job);
        });
    }
}

/// y = x * w by tiles, each vector of it finish(vector, place in y, filter, n...), which may read `beside`.
template <index Tile, class T, class Finish>
void convolve_winograd(T* y, const T* x, const T* w, const winograd_plan<T, Tile>& plan, int threads,
                       std::byte* scratch, const T* beside, const Finish& finish) {
    const conv2d_sizes& s = plan.s;
    arena memory(scratch);
    T* const zeros = memory.template take<T>(plan.zeros());
    T* const u = memory.template take<T>(plan.u_size());
    const index worker_bytes = bytes_of<T>(plan.v_size()) + bytes_of<T>(plan.m_size());
    std::byte* const workers = memory.rest();
    std::fill_n(zeros, plan.zeros(), T(0));

    const index pieces = chunk_count(s.channels, plan.channels_per_piece);
    const index block_size = plan.positions * plan.u_stride();
    parallel_chunks(plan.blocks() * pieces, 1, workers_for(plan.filter_work(), threads),
                    [&](int, index i, index, index) {
                        const index block = i / pieces, begin = i % pieces * plan.channels_per_piece;
                        transform_filters(u + block * block_size, plan, w, plan.phases.of_output, block,
                                          begin, std::min(s.channels, begin + plan.channels_per_piece));
                    });

    const index run = plan.tiles_per_run();
    const index parts = plan.pieces(), phases = plan.phases.of_output ? 1 : plan.phases.count();
    const index work = plan.tiles() * (plan.transform_work() + plan.product_work());
    parallel_chunks(
        plan.tiles(), run, workers_for(work, threads), [&](int worker, index, index begin, index end) {
            arena own(workers + worker * worker_bytes);
            T* const v = own.template take<T>(plan.v_size());
            T* const m = own.template take<T>(plan.m_size());
            for (index piece = 0; piece < parts; ++piece) {
                for (index p = piece * phases / parts; p < (piece + 1) * phases / parts; ++p)
                    transform_inputs(v + (parts > 1 ? 0 : p * plan.phases.width), plan.v_stride(run),
                                     plan.tile_stride(), plan, p, begin, end, x, zeros);
                for (index block = 0; block < plan.blocks(); ++block) {
                    T* const sums = plan.pieces() > 1 ? m + block * plan.positions * plan.m_stride(run) : m;
                    multiply_positions(sums, v, u + block * block_size, plan, block, piece, end - begin);
                    if (piece + 1 < plan.pieces()) continue;
                    for (index t = begin; t < end; ++t)
                        transform_output(y, sums + (t - begin) * plan.width, plan.m_stride(run), plan, t,
                                         block, beside, finish);
                }
            }
        });
}

} // namespace detail

/// Bytes of scratch memory the kernels of this header need.
template <class T, index Tile>
constexpr index winograd_scratch(const conv2d_sizes& s, int threads, bool training) {
    const auto forward = detail::winograd_forward<Tile, T>(s),
               backward = detail::winograd_backward<Tile, T>(s);
    if (!training) return forward.scratch(threads);
    return std::max({forward.scratch(threads), backward.scratch(threads), forward.scratch_weights()});
}

/// y = activation(x * w + bias) by F(Tile x Tile, 3x3). `bias` may be null. `scratch` holds winograd_scratch
/// bytes.
template <index Tile, class T, class Activation = no_activation>
void conv2d_forward_winograd(T* y, const T* x, const T* w, const T* bias, const conv2d_sizes& s, int threads,
                             std::byte* scratch, const Activation& activation = {}) {
    using vector = detail::vector_of<T>;
    detail::convolve_winograd<Tile>(y, x, w, detail::winograd_forward<Tile, T>(s), threads, scratch,
                                    static_cast<const T*>(nullptr),
                                    [&](vector value, index, index filter, auto... n) -> vector {
                                        if (bias) value = value + detail::load(bias + filter, n...);
                                        return detail::value_of(activation, value);
                                    });
}

/// dx = the gradient with respect to x, times below.slope(x) where x is the output of the activation `below`,
/// by F(Tile x Tile, 3x3). `scratch` holds winograd_scratch bytes.
template <index Tile, class T, class Below = no_activation>
void conv2d_backward_data_winograd(T* dx, const T* dy, const T* w, const conv2d_sizes& s, int threads,
                                   std::byte* scratch, const T* x = nullptr, const Below& below = {}) {
    using vector = detail::vector_of<T>;
    detail::convolve_winograd<Tile>(
        dx, dy, w, detail::winograd_backward<Tile, T>(s), threads, scratch,
        has_activation<Below> ? x : nullptr,
        [&](vector value, [[maybe_unused]] index place, index, [[maybe_unused]] auto... n) -> vector {
            if constexpr (has_activation<Below>)
                return detail::times_slope(value, below, detail::load(x + place, n...));
            else
                return value;
        });
}

/// dw, db = the gradients with respect to w and bias, by F(Tile x Tile, 3x3): dU = V' dM, summed over tiles
/// in their order, and dw = G' dU G. `db` may be null. `scratch` holds winograd_scratch bytes.
template <index Tile, class T>
void conv2d_backward_weights_winograd(T* dw, T* db, const T* x, const T* dy, const conv2d_sizes& s,
                                      int threads, std::byte* scratch) {
    using namespace detail;
    using matrices = winograd<T, Tile>;
    const auto plan = winograd_forward<Tile, T>(s);
    const auto& phases = plan.phases;
    const index channels = plan.s.channels; // of all phases
    const index wide = plan.wide_tiles(), blocks = plan.blocks(), columns = blocks * plan.width;
    const index v_stride = plan.wide_v_stride(wide), m_stride = plan.m_stride(wide),
                u_stride = plan.u_stride();
    arena memory(scratch);
    T* const zeros = memory.template take<T>(plan.zeros());
    T* const du = memory.template take<T>(plan.u_size());
    T* const v = memory.template take<T>(plan.positions * v_stride);
    T* const m = memory.template take<T>(blocks * plan.positions * m_stride);
    T* const sums = memory.template take<T>(plan.sums_size());
    std::fill_n(zeros, plan.zeros(), T(0));
    std::fill_n(sums, plan.sums_size(), T(0));

    for (index first = 0; first < plan.tiles(); first += wide) {
        const index tiles = std::min(wide, plan.tiles() - first);
        parallel_chunks(
            tiles, plan.tiles_per_piece, workers_for(tiles * plan.transform_work(), threads),
            [&](int, index piece, index begin, index end) {
                for (index phase = 0; phase < phases.count(); ++phase)
                    transform_inputs(v + begin * plan.wide_stride() + phase * phases.width, v_stride,
                                     plan.wide_stride(), plan, phase, first + begin, first + end, x, zeros);
                transform_output_gradients(m + begin * plan.width, m_stride, sums + piece * columns, plan,
                                           first + begin, first + end, dy, zeros);
            });
        parallel_chunks(blocks * plan.positions, 1, workers_for(tiles * plan.product_work(), threads),
                        [&](int, index i, index, index) {
                            const index position = i % plan.positions,
                                        vectors = plan.vectors_in(i / plan.positions);
                            tile_job<T> job{};
                            job.a_stride = plan.wide_stride();
                            job.b = m + i * m_stride;
                            job.b_stride = plan.width;
                            job.steps = tiles;
                            job.out_stride = job.start_stride = job.columns = vectors * lanes<T>;
                            for_each_tile(channels, vectors, [&](index row, index rows) {
                                job.a = v + position * v_stride + row;
                                job.out = du + i * u_stride + row * job.out_stride;
                                job.start = first == 0 ? nullptr : job.out;
                                tile<T, left::by_step>(rows, vectors)(job);
                            });
                        });
    }

    parallel_chunks(
        blocks * channels, plan.channels_per_piece, workers_for(plan.filter_work(), threads),
        [&](int, index, index begin, index end) {
            for (index i = begin; i < end; ++i) {
                const index block = i / channels, channel = i % channels, filter = block * plan.width;
                const T* const from =
                    du + block * plan.positions * u_stride + channel * plan.vectors_in(block) * lanes<T>;
                vector_loop<T>(0, std::min(plan.width, s.filters - filter), [&](index f, auto... n) {
                    transform_square<T, matrices::points, 3>(
                        [&](std::size_t j, std::size_t k) {
                            return load(from + static_cast<index>(j * matrices::points + k) * u_stride + f);
                        },
                        [](const auto& u) { return matrices::filter_gradient(u); },
                        [&](std::size_t j, std::size_t k, const vector_of<T>& value) {
                            const index tap = phases.tap(channel / phases.width, static_cast<index>(j),
                                                         static_cast<index>(k));
                            if (tap < 0) return;
                            const index row = tap * s.channels + channel % phases.width;
                            store(dw + row * s.filters + filter + f, value, n...);
                        });
                });
            }
        });
    if (!db) return;
    std::copy_n(sums, s.filters, db);
    for (index piece = 1; piece < plan.sums_size() / columns; ++piece)
        for (index f = 0; f < s.filters; ++f) db[f] += sums[piece * columns + f];
}

#if defined(STRATA_COMPILED) // "extern" where another file compiles them, as cmake/compiled.cmake has it
STRATA_COMPILED template void conv2d_backward_weights_winograd<2, float>(float*, float*, const float*,
                                                                         const float*, const conv2d_sizes&,
                                                                         int, std::byte*);
STRATA_COMPILED template void detail::transform_inputs<float, 2>(float*, index, index,
                                                                 const detail::winograd_plan<float, 2>&,
                                                                 index, index, index, const float*,
                                                                 const float*);
STRATA_COMPILED template void detail::transform_filters<float, 2>(float*,
                                                                  const detail::winograd_plan<float, 2>&,
                                                                  const float*, bool, index, index, index);
STRATA_COMPILED template void conv2d_backward_weights_winograd<4, float>(float*, float*, const float*,
                                                                         const float*, const conv2d_sizes&,
                                                                         int, std::byte*);
STRATA_COMPILED template void detail::transform_inputs<float, 4>(float*, index, index,
                                                                 const detail::winograd_plan<float, 4>&,
                                                                 index, index, index, const float*,
                                                                 const float*);
STRATA_COMPILED template void detail::transform_filters<float, 4>(float*,
                                                                  const detail::winograd_plan<float, 4>&,
                                                                  const float*, bool, index, index, index);
STRATA_COMPILED template void conv2d_backward_weights_winograd<2, double>(double*, double*, const double*,
                                                                          const double*, const conv2d_sizes&,
                                                                          int, std::byte*);
STRATA_COMPILED template void detail::transform_inputs<double, 2>(double*, index, index,
                                                                  const detail::winograd_plan<double, 2>&,
                                                                  index, index, index, const double*,
                                                                  const double*);
STRATA_COMPILED template void detail::transform_filters<double, 2>(double*,
                                                                   const detail::winograd_plan<double, 2>&,
                                                                   const double*, bool, index, index, index);
STRATA_COMPILED template void conv2d_backward_weights_winograd<4, double>(double*, double*, const double*,
                                                                          const double*, const conv2d_sizes&,
                                                                          int, std::byte*);
STRATA_COMPILED template void detail::transform_inputs<double, 4>(double*, index, index,
                                                                  const detail::winograd_plan<double, 4>&,
                                                                  index, index, index, const double*,
                                                                  const double*);
STRATA_COMPILED template void detail::transform_filters<double, 4>(double*,
                                                                   const detail::winograd_plan<double, 4>&,
                                                                   const double*, bool, index, index, index);
#endif

} // namespace strata
