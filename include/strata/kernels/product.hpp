#pragma once

#include <strata/core/function_view.hpp>
#include <strata/core/parallel.hpp>
#include <strata/core/pass.hpp>
#include <strata/core/shape.hpp>
#include <strata/core/simd.hpp>
#include <strata/kernels/register_tile.hpp>
#include <strata/kernels/transpose.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

// Products of matrices on the register tile, for the sizes of dense layers: any number of rows, columns and
// steps, nothing of the operands copied that can be read where it lies, and something to be done with every
// tile of the result while it is in the nearest cache.

namespace strata {

/// How a product is cut into `down` x `across` pieces. Every element of the result is one sum, whose order
/// does not depend on the piece it is in: the cut may depend on the number of threads, the result does not.
struct product_cut {
    index down = 1, across = 1;

    /// For so many threads, of rows x columns x steps, whose columns come in vectors of `lanes`. `packing` is
    /// what copying one vector of the right operand costs, in multiply-adds of vectors.
    static constexpr product_cut of(index rows, index columns, index steps, index lanes, double packing,
                                    int threads) {
        const index work = work_of_multiply_adds(rows * columns * steps);
        const index pieces = std::clamp<index>(work / least_parallel_work, 1, threads);
        const index vectors = chunk_count(columns, lanes);
        product_cut best;
        double least = 0;
        for (index down = 1; down <= std::min(pieces, rows); ++down) {
            const index across = std::min(pieces / down, vectors);
            // the largest piece: what the others wait for
            const double cost = static_cast<double>(chunk_count(vectors, across))
                                * (static_cast<double>(chunk_count(rows, down)) + packing);
            if (least == 0 || cost < least) {
                least = cost;
                best = {down, across};
            }
        }
        return best;
    }
};

namespace detail {

/// Is told of a finished part of a result: rows begin .. end, columns begin .. end.
using finish_part = function_view<void(index, index, index, index)>;

/// out[row][column] = start[column] + sum over steps of a[row][step] * b[step][column].
template <class T> struct product_job {
    index rows, columns, steps;
    const T* a;
    index a_stride; ///< from one row to the next (left::by_row), or from one step to the next (by_step)
    const T* b;
    index b_stride;            ///< from one step to the next, or from one column to the next
    bool b_transposed = false; ///< b lies as [column][step]
    const T* start = nullptr;  ///< what the sums begin with; null: 0
    T* out;
    index out_stride;            ///< from one row to the next, or from one column to the next
    bool out_transposed = false; ///< out is written as [column][row]
};

/// How the loops of a product are blocked: blocks of columns, then of steps, then strips of rows, then panels
/// of columns, then tiles.
template <class T> struct product_blocks {
    static constexpr index panel = 2 * lanes<T>;                              ///< columns of a tile
    static constexpr index most_steps = 1024 / static_cast<index>(sizeof(T)), ///< with a panel's 32 KB
        near = 32 * 1024 / static_cast<index>(sizeof(T)),                     ///< of the first cache
        far = 256 * 1024 / static_cast<index>(sizeof(T)),                     ///< of the second
        most_rows_of_strip = 1024;
    index steps;
    bool packs_block; ///< a block of b is packed at once, for many short strips; or panel by panel, for a few
    index columns, rows; ///< of a block and of a strip

    /// Elements of a packed panel: an odd number of cache lines, so that panels do not fall into one set.
    static constexpr index panel_size(index steps) { return panel * steps + lanes<T>; }

    /// Strips of rows that stay in the second cache.
    static constexpr index strips_of(index rows, index steps) {
        return std::max(chunk_count(rows * steps, far), chunk_count(rows, most_rows_of_strip));
    }

    static constexpr product_blocks of(index rows, index columns, index steps, bool whole_steps) {
        product_blocks b;
        b.steps = whole_steps ? steps : chunk_count(steps, chunk_count(steps, most_steps));
        const index strips = strips_of(rows, b.steps);
        b.packs_block = strips > 4;
        const index padded = chunk_count(columns, panel) * panel;
        b.columns =
            b.packs_block ? std::min(padded, std::max(far / b.steps / panel, index{1}) * panel) : padded;
        b.rows = b.packs_block ? std::clamp(near / b.steps, most_rows(2), 16 * most_rows(2))
                               : chunk_count(rows, strips);
        return b;
    }
};

/// Rows `stride` apart of which a tile's fall into few sets of the first cache (of 4096 bytes a way): they
/// are copied.
template <class T> constexpr bool rows_collide(index stride) {
    const index off = stride * static_cast<index>(sizeof(T)) % 2048;
    return off < 64 || off > 2048 - 64;
}

/// Elements of scratch memory of one worker for products of at most so many rows, columns and steps: a panel
/// or a block of b, and a strip of the rows of a that are copied.
template <class T>
constexpr index product_scratch(index rows, index columns, index steps, bool whole_steps, bool copies_rows) {
    using blocks = product_blocks<T>;
    if (!whole_steps) steps = std::min(steps, blocks::most_steps);
    const index panel = blocks::panel_size(steps), block = chunk_count(columns, blocks::panel) * panel;
    const bool packs_block = blocks::strips_of(rows, steps) > 4;
    const index copies = std::min(rows, blocks::most_rows_of_strip) * 2
                             * lanes<T> + std::min(rows * steps, blocks::far + most_rows(2) * steps);
    return (packs_block ? std::min(block, 2 * blocks::far + panel) : panel) + (copies_rows ? copies : 0);
}

/// Whether whole panels of b are better read where they lie: a few tiles use them, or all of b is near.
template <class T> constexpr bool reads_in_place(const product_job<T>& job) {
    // what comes from memory is worth the prefetching that packing brings: from 10 rows, else from 40
    const index few = job.steps * job.columns > 16 * product_blocks<T>::far ? 10 : 40;
    return !job.b_transposed && (job.rows <= few || job.steps * job.b_stride <= product_blocks<T>::near);
}

/// Columns of b at some steps, as panels of [step][two vectors], the last one perhaps of
/// one; what lies beyond the last column is 0.
template <class T>
[[gnu::noinline]] void pack_columns(T* packed, const T* b, index b_stride, bool transposed, index columns,
                                    index steps) {
    constexpr index n = lanes<T>, panel = 2 * n;
    const index panel_size = product_blocks<T>::panel_size(steps);
    if (transposed) {
        for (index j = 0; j < columns; j += panel) {
            const index here = std::min(panel, columns - j), width = here > n ? panel : n;
            copy_transposed(packed + j / panel * panel_size, width, b + j * b_stride, b_stride, here, steps,
                            true);
        }
        return;
    }
    const index whole = columns / panel * panel, rest = columns - whole;
    for (index s = 0; s < steps; ++s) {
        const T* const row = b + s * b_stride;
        T* to = packed + s * panel;
        for (index j = 0; j < whole; j += panel, to += panel_size) {
            store(to, load(row + j));
            store(to + n, load(row + j + n));
        }
        if (rest > n) {
            store(to, load(row + whole));
            store(to + n, load(row + whole + n, rest - n));
        } else if (rest > 0) {
            store(packed + whole / panel * panel_size + s * n, load(row + whole, rest));
        }
    }
}

/// Asks for the rows of a block of memory, a few cache lines at a time, before they are needed.
class fetch_ahead {
public:
    fetch_ahead() = default;
    /// Has the block fetched in `turns` calls of `next`.
    fetch_ahead(const void* begin, index stride, index rows, index bytes, index turns)
        : m_at(static_cast<const char*>(begin)),
          m_stride(stride),
          m_rows(rows),
          m_bytes(bytes),
          m_lines(chunk_count(rows * chunk_count(bytes, 64), turns)) {}

    void next() {
        for (index i = 0; i < m_lines && m_rows > 0; ++i) {
            __builtin_prefetch(m_at + m_column, 0, 2);
            m_column += 64;
            if (m_column < m_bytes) continue;
            m_column = 0;
            m_at += m_stride;
            --m_rows;
        }
    }

private:
    const char* m_at = nullptr;
    index m_stride = 0, m_rows = 0, m_bytes = 0, m_lines = 0, m_column = 0;
};

/// One piece of a product on the calling thread. `in_place`: whole panels of b are read where they lie.
template <left Layout, class T>
void multiply_piece(const product_job<T>& job, index row_begin, index row_end, index column_begin,
                    index column_end, bool in_place, T* scratch, finish_part epilogue) {
    constexpr index n = lanes<T>, panel = 2 * n;
    constexpr auto size = static_cast<index>(sizeof(T));
    const auto blocks =
        product_blocks<T>::of(row_end - row_begin, column_end - column_begin, job.steps, job.out_transposed);
    const index copy_stride = (blocks.steps + n - 1) / n * n + n;
    const bool copies = Layout == left::by_row && rows_collide<T>(job.a_stride);
    const bool streams = job.steps * (column_end - column_begin) > blocks.far;
    T* const packed = scratch;
    T* const rows_copied =
        scratch + (blocks.packs_block ? blocks.columns / panel : 1) * blocks.panel_size(blocks.steps);
    alignas(64) std::array<T, static_cast<std::size_t>(std::max(most_rows(1), most_rows(2)) * panel)> aside{};

    const auto right = [&](index step, index column) {
        return job.b + (job.b_transposed ? column * job.b_stride + step : step * job.b_stride + column);
    };
    const auto multiply_panel = [&](tile_job<T> panel_job, index r_begin, index r_end, index c, index s,
                                    fetch_ahead& ahead) {
        const index vectors = panel_job.columns > n ? 2 : 1;
        const bool last = s + panel_job.steps == job.steps;
        if (s == 0 && job.start) panel_job.start = job.start + c;
        const T* const a = panel_job.a;
        for_each_tile(r_end - r_begin, vectors, [&](index from, index count) {
            const index r = r_begin + from;
            panel_job.a = a + from * (Layout == left::by_row ? panel_job.a_stride : 1);
            panel_job.out = job.out + r * job.out_stride + c;
            if (job.out_transposed) {
                panel_job.out = aside.data();
                panel_job.out_stride = panel;
            } else if (s > 0) {
                panel_job.start = panel_job.out;
                panel_job.start_stride = job.out_stride;
            }
            ahead.next();
            tile<T, Layout>(count, vectors)(panel_job);
            if (job.out_transposed)
                copy_transposed(job.out + c * job.out_stride + r, job.out_stride, aside.data(), panel, count,
                                panel_job.columns);
            if (last) epilogue(r, r + count, c, c + panel_job.columns);
        });
    };

    for (index j = column_begin; j < column_end; j += blocks.columns) {
        const index j_end = std::min(column_end, j + blocks.columns);
        for (index s = 0; s < job.steps; s += blocks.steps) {
            const index steps = std::min(blocks.steps, job.steps - s);
            if (blocks.packs_block && !in_place)
                pack_columns(packed, right(s, j), job.b_stride, job.b_transposed, j_end - j, steps);
            for (index r = row_begin; r < row_end; r += blocks.rows) {
                const index r_end = std::min(row_end, r + blocks.rows);
                const T* a = job.a + (Layout == left::by_row ? r * job.a_stride + s : s * job.a_stride + r);
                if (copies) {
                    for (index i = 0; i < r_end - r; ++i)
                        std::copy_n(a + i * job.a_stride, steps, rows_copied + i * copy_stride);
                    a = rows_copied;
                }
                for (index c = j; c < j_end; c += panel) {
                    const index columns = std::min(panel, j_end - c), vectors = columns > n ? 2 : 1;
                    tile_job<T> panel_job{
                        .a = a,
                        .a_stride = copies ? copy_stride : job.a_stride,
                        .b = packed + (blocks.packs_block ? (c - j) / panel * blocks.panel_size(steps) : 0),
                        .b_stride = vectors * n,
                        .steps = steps,
                        .out = nullptr,
                        .out_stride = job.out_stride,
                        .columns = columns};
                    fetch_ahead ahead;
                    if (in_place && columns == panel) {
                        panel_job.b = right(s, c);
                        panel_job.b_stride = job.b_stride;
                    } else if (in_place || !blocks.packs_block) {
                        panel_job.b = packed;
                        pack_columns(packed, right(s, c), job.b_stride, job.b_transposed, columns, steps);
                        if (streams) {
                            const bool more = c + panel < j_end;
                            const index c_next = more ? c + panel : j, s_next = more ? s : s + steps;
                            const index next_columns = std::min(panel, j_end - c_next),
                                        next_steps = std::min(steps, job.steps - s_next);
                            const index turns = chunk_count(r_end - r, most_rows(vectors));
                            ahead = job.b_transposed ? fetch_ahead(right(s_next, c_next), job.b_stride * size,
                                                                   next_columns, next_steps * size, turns)
                                                     : fetch_ahead(right(s_next, c_next), job.b_stride * size,
                                                                   next_steps, next_columns * size, turns);
                        }
                    }
                    multiply_panel(panel_job, r, r_end, c, s, ahead);
                }
            }
        }
    }
}

/// The whole product on at most `threads` threads; `scratch` holds product_scratch elements for each.
/// `epilogue(row_begin, row_end, column_begin, column_end)` is called for every finished tile by the thread
/// that made it, while the tile is in its cache; it must not throw.
template <left Layout, class T>
void multiply_tiled(const product_job<T>& job, bool in_place, int threads, T* scratch, finish_part epilogue) {
    constexpr index n = lanes<T>;
    const auto cut = product_cut::of(job.rows, job.columns, job.steps, n,
                                     in_place           ? 0
                                     : job.b_transposed ? 8
                                                        : 4,
                                     std::min(threads, strata::threads()));
    const index each = product_scratch<T>(job.rows, job.columns, job.steps, job.out_transposed,
                                          Layout == left::by_row && rows_collide<T>(job.a_stride));
    const index vectors = chunk_count(job.columns, n);
    parallel_chunks(cut.down * cut.across, 1, threads, [&](int worker, index piece, index, index) {
        const index down = piece / cut.across, across = piece % cut.across;
        multiply_piece<Layout>(job, down * job.rows / cut.down, (down + 1) * job.rows / cut.down,
                               across * vectors / cut.across * n,
                               std::min(job.columns, (across + 1) * vectors / cut.across * n), in_place,
                               scratch + worker * each, epilogue);
    });
}

} // namespace detail
} // namespace strata
