#pragma once

#include <strata/core/parallel.hpp>
#include <strata/core/pass.hpp>
#include <strata/kernels/bias.hpp>
#include <strata/kernels/conv2d_sizes.hpp>
#include <strata/kernels/gemm.hpp>
#include <strata/kernels/im2col.hpp>

#include <algorithm>
#include <cstddef>

namespace strata {

/// How the convolution as a matrix product is cut. y as a matrix is (batch * outputs, filters) = columns
/// (batch * outputs, patch) times w (patch, filters); a run of output rows has its columns in a buffer that
/// stays in the second-level cache. Functions of the sizes alone, except where a worker's memory is counted.
template <class T> struct conv2d_gemm_plan {
    conv2d_sizes s;

    static constexpr index cache = 256 * 1024; ///< bytes of columns in one run
    static constexpr index least_pixels = 128; ///< fewer rows in a product pay too much for packing w
    static constexpr index most_partials = 16; ///< groups of images that sum their own dw
    static constexpr index partial_memory = 16 * 1024 * 1024; ///< bytes of partial dw, roughly

    /// x itself is the matrix of columns.
    constexpr bool is_plain() const { return s.is_product(); }
    /// Output rows (of all images, one after the other) in one run.
    constexpr index rows_per_run() const {
        const index patch_bytes = std::max<index>(1, s.patch() * static_cast<index>(sizeof(T)));
        const index pixels = std::max(least_pixels, cache / patch_bytes);
        return std::clamp<index>(pixels / s.geometry.out_width, 1, s.batch * s.geometry.out_height);
    }
    /// Elements of one worker's buffer of columns.
    constexpr index columns() const {
        return rows_per_run() * s.geometry.out_width * s.patch() + im2col_slack;
    }
    /// Images in one piece of backward_data: overlapping patches are added up by one thread.
    constexpr index images_per_piece() const {
        return std::clamp<index>(least_pixels * 2 / s.geometry.outputs(), 1, s.batch);
    }
    constexpr index images_per_group() const {
        const index bytes = s.weights() * static_cast<index>(sizeof(T));
        const index groups = std::clamp<index>(partial_memory / bytes, 2, most_partials);
        return chunk_count(s.batch, groups);
    }
    constexpr index groups() const { return chunk_count(s.batch, images_per_group()); }

    constexpr index scratch_forward(int threads) const {
        return is_plain() ? 0 : threads * bytes_of<T>(columns());
    }
    constexpr index scratch_backward(int threads) const {
        return scratch_forward(threads) + groups() * (bytes_of<T>(s.weights()) + bytes_of<T>(s.filters));
    }
};

/// Bytes of scratch memory the kernels of this header need.
template <class T> constexpr index conv2d_gemm_scratch(const conv2d_sizes& s, int threads, bool training) {
    const conv2d_gemm_plan<T> plan{s};
    return training ? plan.scratch_backward(threads) : plan.scratch_forward(threads);
}

/// y = activation(x * w + bias). `bias` may be null. `scratch` holds conv2d_gemm_scratch bytes.
template <class T, class Activation>
void conv2d_forward_gemm(T* y, const T* x, const T* w, const T* bias, const conv2d_sizes& s, int threads,
                         std::byte* scratch, const Activation& activation) {
    const conv2d_gemm_plan<T> plan{s};
    const index width = s.geometry.out_width, patch = s.patch();
    parallel_chunks(
        s.batch * s.geometry.out_height, plan.rows_per_run(), threads,
        [&](int worker, index, index row, index row_end) {
            const index pixel = row * width, pixels = (row_end - row) * width;
            const T* columns = x + pixel * patch;
            if (!plan.is_plain()) {
                T* const own = arena(scratch + worker * bytes_of<T>(plan.columns())).take<T>(plan.columns());
                im2col(own, x, s.geometry, s.channels, s.batch, row, row_end);
                columns = own;
            }
            T* const out = y + pixel * s.filters;
            gemm_serial(out, s.filters, plain(columns, patch), plain(w, s.filters), pixels, s.filters, patch);
            add_bias(out, bias, pixels, s.filters, activation);
        });
}

/// dx = dy w', added up where patches overlap. `scratch` holds conv2d_gemm_scratch bytes.
template <class T>
void conv2d_backward_data_gemm(T* dx, const T* dy, const T* w, const conv2d_sizes& s, int threads,
                               std::byte* scratch) {
    const conv2d_gemm_plan<T> plan{s};
    const index width = s.geometry.out_width, height = s.geometry.out_height, patch = s.patch();
    const index run = plan.rows_per_run();
    if (plan.is_plain()) {
        parallel_for(s.batch * height, run, [&](index row, index row_end) {
            gemm_serial(dx + row * width * patch, patch, plain(dy + row * width * s.filters, s.filters),
                        transposed(w, s.filters), (row_end - row) * width, patch, s.filters);
        });
        return;
    }
    parallel_chunks(
        s.batch, plan.images_per_piece(), threads, [&](int worker, index, index image, index image_end) {
            T* const columns = arena(scratch + worker * bytes_of<T>(plan.columns())).take<T>(plan.columns());
            std::fill_n(dx + image * s.inputs(), (image_end - image) * s.inputs(), T(0));
            for (index row = image * height; row < image_end * height; row += run) {
                const index row_end = std::min(row + run, image_end * height);
                gemm_serial(columns, patch, plain(dy + row * width * s.filters, s.filters),
                            transposed(w, s.filters), (row_end - row) * width, patch, s.filters);
                col2im_add(dx, columns, s.geometry, s.channels, row, row_end);
            }
        });
}

/// dw = columns' dy and db = the sum of dy. Groups of images sum their own, the groups are added in order.
/// `db` may be null. `scratch` holds conv2d_gemm_scratch bytes.
template <class T>
void conv2d_backward_weights_gemm(T* dw, T* db, const T* x, const T* dy, const conv2d_sizes& s, int threads,
                                  std::byte* scratch) {
    const conv2d_gemm_plan<T> plan{s};
    const index width = s.geometry.out_width, height = s.geometry.out_height, patch = s.patch();
    const index run = plan.rows_per_run(), groups = plan.groups();
    std::byte* const partials = scratch + plan.scratch_forward(threads);
    const index partial_bytes = bytes_of<T>(s.weights()) + bytes_of<T>(s.filters);
    const auto partial = [&](index group) { return reinterpret_cast<T*>(partials + group * partial_bytes); };
    const index bias_at = bytes_of<T>(s.weights()) / static_cast<index>(sizeof(T));

    parallel_chunks(
        s.batch, plan.images_per_group(), threads,
        [&](int worker, index group, index image, index image_end) {
            T* const sum = partial(group);
            if (db) std::fill_n(sum + bias_at, s.filters, T(0));
            for (index row = image * height; row < image_end * height; row += run) {
                const index row_end = std::min(row + run, image_end * height);
                const index pixel = row * width, pixels = (row_end - row) * width;
                const T* columns = x + pixel * patch;
                if (!plan.is_plain()) {
                    T* const own =
                        arena(scratch + worker * bytes_of<T>(plan.columns())).take<T>(plan.columns());
                    im2col(own, x, s.geometry, s.channels, s.batch, row, row_end);
                    columns = own;
                }
                const T* const dout = dy + pixel * s.filters;
                gemm_serial(sum, s.filters, transposed(columns, patch), plain(dout, s.filters), patch,
                            s.filters, pixels, row == image * height ? T(0) : T(1));
                if (db) add_column_sums(sum + bias_at, dout, pixels, s.filters);
            }
        });

    parallel_for(s.weights(), 16 * 1024, [&](index begin, index end) {
        std::copy(partial(0) + begin, partial(0) + end, dw + begin);
        for (index group = 1; group < groups; ++group) {
            const T* const sum = partial(group);
#pragma omp simd
            for (index i = begin; i < end; ++i) dw[i] += sum[i];
        }
    });
    if (!db) return;
    std::copy_n(partial(0) + bias_at, s.filters, db);
    for (index group = 1; group < groups; ++group)
        for (index f = 0; f < s.filters; ++f) db[f] += partial(group)[bias_at + f];
}

} // namespace strata
