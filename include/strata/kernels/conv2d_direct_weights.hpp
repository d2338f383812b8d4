#pragma once

#include <strata/core/parallel.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/simd.hpp>
#include <strata/kernels/conv2d_axes.hpp>
#include <strata/kernels/conv2d_sizes.hpp>
#include <strata/kernels/register_tile.hpp>

#include <algorithm>
#include <cstddef>

// The weight gradient of a direct convolution: the register tile's rows are taps and channels, its columns
// filters, and it sums over the pixels of some rows of the output.

namespace strata {

namespace detail {

/// How the weight gradient is cut: groups of images sum their own, for one block of filters at a time.
template <class T> struct weight_gradient_plan {
    conv2d_sizes s;

    static constexpr index panel_bytes = 16 * 1024;         ///< of dy: half a first-level cache
    static constexpr index least_chunks = 16;               ///< so that a few threads get equal shares
    static constexpr index partial_bytes = 8 * 1024 * 1024; ///< of all groups' sums, roughly

    /// Neighbours in a row that are taken as one pixel with as many times the filters.
    constexpr index group() const {
        const window& g = s.geometry;
        return best_group<T>(
            {g.kernel.width, g.stride.width, g.dilation.width, g.left, g.in_width, g.out_width, false},
            s.filters);
    }
    constexpr column_blocks<T> blocks() const { return {group() * s.filters}; }
    constexpr index kernel_width() const {
        return s.geometry.kernel.width + (group() - 1) * s.geometry.stride.width;
    }
    constexpr index patch() const { return s.geometry.kernel.height * kernel_width() * s.channels; }
    /// Groups of neighbours in a row.
    constexpr index steps() const { return chunk_count(s.geometry.out_width, group()); }
    constexpr bool is_inside() const {
        const window& g = s.geometry;
        return g.top == 0 && g.left == 0 && buffer_rows(g.out_height) <= g.in_height && width() <= g.in_width;
    }
    /// Output rows in one go.
    constexpr index strip() const {
        const index row = steps() * blocks().width * static_cast<index>(sizeof(T));
        return std::clamp<index>(panel_bytes / row, 1, s.geometry.out_height);
    }
    constexpr index panel() const { return strip() * steps() * blocks().width; }
    /// Pixels of a line in the buffer, and lines.
    constexpr index width() const {
        const window& g = s.geometry;
        return (steps() - 1) * group() * g.stride.width + (kernel_width() - 1) * g.dilation.width + 1;
    }
    constexpr index buffer_rows(index rows) const {
        const window& g = s.geometry;
        return (rows - 1) * g.stride.height + (g.kernel.height - 1) * g.dilation.height + 1;
    }
    constexpr index buffer() const { return is_inside() ? 0 : buffer_rows(strip()) * width() * s.channels; }
    constexpr index worker_bytes() const { return bytes_of<T>(panel()) + bytes_of<T>(buffer()); }

    constexpr index images_per_group() const {
        const index bytes = patch() * blocks().padded() * static_cast<index>(sizeof(T));
        const index groups =
            std::clamp<index>(partial_bytes / bytes, 1, chunk_count(least_chunks, blocks().count()));
        return chunk_count(s.batch, std::min(groups, s.batch));
    }
    constexpr index groups() const { return chunk_count(s.batch, images_per_group()); }
    /// A group's sums: (block, kernel row, kernel column, channel, column of the block), then those of dy.
    constexpr index partial() const { return (patch() + 1) * blocks().padded(); }
    constexpr index scratch(int threads) const {
        return groups() * bytes_of<T>(partial()) + threads * worker_bytes();
    }
};

/// One group of images for one block of filters: sum (patch, width) and bias_sum (width) are overwritten.
template <class T>
void sum_weight_gradient(T* sum, T* bias_sum, const T* x, const T* dy, const weight_gradient_plan<T>& plan,
                         index block, index image, index image_end, std::byte* scratch) {
    const conv2d_sizes& s = plan.s;
    const window& g = s.geometry;
    const auto blocks = plan.blocks();
    const index vectors = blocks.vectors(block), width = vectors * lanes<T>, count = blocks.in_block(block);
    arena room(scratch);
    T* const panel = room.take<T>(plan.panel());
    T* const buffer = room.take<T>(plan.buffer());
    const bool copies = !plan.is_inside();
    const index line = copies ? plan.width() * s.channels : g.in_width * s.channels;
    const bool is_dense = g.dilation.width == 1;

    vector_of<T> bias_low(T(0)), bias_high(T(0));
    const index group = plan.group(), steps = plan.steps(), kernel_width = plan.kernel_width();
    tile_job<T> job{};
    job.a_stride = group * g.stride.width * s.channels;
    job.a_segment = g.stride.height * line;
    job.b = panel;
    job.b_stride = width;
    job.b_segment = steps * width;
    job.steps = steps;
    job.out_stride = job.start_stride = width;
    job.columns = width;
    const index ahead = plan.strip() * g.out_width * s.filters;
    bool is_first = true;
    for (index n = image; n < image_end; ++n)
        for (index row = 0; row < g.out_height; row += plan.strip()) {
            const index rows = std::min(plan.strip(), g.out_height - row);
            const T* from = x + n * s.inputs();
            if (copies) {
                copy_window(buffer, from, g.in_height, g.in_width, s.channels, row * g.stride.height - g.top,
                            plan.buffer_rows(rows), -g.left, plan.width());
                from = buffer;
            } else {
                from += row * g.stride.height * line;
            }
            const T* grad = dy + (n * g.out_height + row) * g.out_width * s.filters + block * blocks.width;
            T* to = panel;
            const auto pack = [&](index in_low, index in_high) {
                const auto low = in_low == lanes<T> ? load(grad) : load(grad, in_low);
                bias_low += low;
                store(to, low);
                if (vectors == 2) {
                    const T* const behind = grad + lanes<T>;
                    const auto high = in_high == lanes<T> ? load(behind) : load(behind, in_high);
                    bias_high += high;
                    store(to + lanes<T>, high);
                }
                to += width;
            };
            const auto pack_pixels = [&](index pixels, index columns) {
                const index in_low = std::min(columns, lanes<T>), in_high = columns - in_low;
                for (index pixel = 0; pixel < pixels; ++pixel, grad += group * s.filters) {
                    __builtin_prefetch(grad + ahead, 0, 2); // for the next strip
                    if (vectors == 2) __builtin_prefetch(grad + ahead + lanes<T>, 0, 2);
                    pack(in_low, in_high);
                }
            };
            if (group == 1) {
                pack_pixels(rows * steps, count);
            } else { // the last group of a row may have less than the others
                const index missing = (steps * group - g.out_width) * s.filters;
                for (index r = 0; r < rows; ++r) {
                    pack_pixels(steps - (missing > 0), count);
                    if (missing > 0) {
                        pack_pixels(1, count - missing);
                        grad -= missing;
                    }
                }
            }
            T* out = sum;
            const index runs = is_dense ? 1 : g.kernel.width, run = s.channels * kernel_width / runs;
            for (index ky = 0; ky < g.kernel.height; ++ky) {
                // output rows whose source row is inside the image
                const index source_row = row * g.stride.height + ky * g.dilation.height - g.top;
                const index above = std::clamp<index>(ceil_divide(-source_row, g.stride.height), 0, rows);
                const index below =
                    std::clamp<index>(ceil_divide(g.in_height - source_row, g.stride.height), above, rows);
                job.segments = below - above;
                job.b = panel + above * job.b_segment;
                const T* const seen = from + ky * g.dilation.height * line + above * job.a_segment;
                for (index kx = 0; kx < runs; ++kx, out += run * width)
                    for_each_tile(run, vectors, [&](index begin, index size) {
                        job.a = seen + kx * g.dilation.width * s.channels + begin;
                        job.out = out + begin * width;
                        job.start = is_first ? nullptr : job.out;
                        tile<T, left::by_step>(size, vectors)(job);
                    });
            }
            is_first = false;
        }
    store(bias_sum, bias_low);
    if (vectors == 2) store(bias_sum + lanes<T>, bias_high);
}

} // namespace detail

/// dw = x' dy over all pixels, db = the sum of dy. Groups of images sum their own, the groups are added in
/// order. `db` may be null. `scratch` holds conv2d_direct_scratch bytes.
template <class T>
void conv2d_backward_weights_direct(T* dw, T* db, const T* x, const T* dy, const conv2d_sizes& s, int threads,
                                    std::byte* scratch) {
    using namespace detail;
    const weight_gradient_plan<T> plan{s};
    const auto blocks = plan.blocks();
    const index padded = blocks.padded(), patch = plan.patch(), groups = plan.groups();
    T* const partials = arena(scratch).take<T>(0);
    const index partial = bytes_of<T>(plan.partial()) / static_cast<index>(sizeof(T));
    std::byte* const workers = scratch + groups * bytes_of<T>(plan.partial());
    const int team = workers_for(work_of_multiply_adds(s.multiply_adds()), threads);
    parallel_chunks(groups * blocks.count(), 1, team, [&](int worker, index chunk, index, index) {
        const index group = chunk / blocks.count(), block = chunk % blocks.count();
        T* const own = partials + group * partial;
        const index image = group * plan.images_per_group();
        sum_weight_gradient(own + block * blocks.width * patch, own + patch * padded + block * blocks.width,
                            x, dy, plan, block, image, std::min(s.batch, image + plan.images_per_group()),
                            workers + worker * plan.worker_bytes());
    });
    // the groups in order, into the first
    const index size = plan.partial();
    if (groups > 1)
        parallel_chunks(size, std::max<index>(lanes<T>, 32'768 / groups / lanes<T> * lanes<T>),
                        workers_for(work_of_bytes(groups * bytes_of<T>(size)), threads),
                        [&](int, index, index begin, index end) {
                            for (index i = begin; i < end; i += lanes<T>) {
                                vector_of<T> sum = load(partials + i);
                                for (index g = 1; g < groups; ++g) sum += load(partials + g * partial + i);
                                store(partials + i, sum);
                            }
                        });
    // every block's columns to where they belong, neighbours on top of each other
    const index group = plan.group(), filters = s.filters;
    if (group == 1) {
        for (index b = 0; b < blocks.count(); ++b) {
            const index width = blocks.vectors(b) * lanes<T>, count = blocks.in_block(b);
            const T* const block = partials + b * blocks.width * patch;
            for (index k = 0; k < patch; ++k)
                std::copy_n(block + k * width, count, dw + k * filters + b * blocks.width);
        }
    } else {
        const index run = s.geometry.kernel.width * s.channels, step = s.geometry.stride.width * s.channels;
        for (index ky = 0; ky < s.geometry.kernel.height; ++ky) {
            const T* const from = partials + ky * plan.kernel_width() * s.channels * padded;
            for (index k = 0; k < run; ++k)
                for (index f = 0; f < filters; ++f) {
                    T sum = 0;
                    for (index i = 0; i < group; ++i) sum += from[(k + i * step) * padded + i * filters + f];
                    dw[(ky * run + k) * filters + f] = sum;
                }
        }
    }
    if (!db) return;
    const T* const bias_sums = partials + patch * padded;
    for (index f = 0; f < filters; ++f) {
        db[f] = bias_sums[f];
        for (index i = 1; i < group; ++i) db[f] += bias_sums[i * filters + f];
    }
}

#if defined(STRATA_COMPILED) // "extern" where another file compiles them, as cmake/compiled.cmake has it
STRATA_COMPILED template void conv2d_backward_weights_direct<float>(float*, float*, const float*,
                                                                    const float*, const conv2d_sizes&, int,
                                                                    std::byte*);
STRATA_COMPILED template void conv2d_backward_weights_direct<double>(double*, double*, const double*,
                                                                     const double*, const conv2d_sizes&, int,
                                                                     std::byte*);
#endif

} // namespace strata
