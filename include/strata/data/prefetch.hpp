#pragma once

#include <strata/core/shape.hpp>

#include <array>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace strata::data {

/// Prepares batches on one background thread while the one before is in use:
///
///     auto ahead = prefetch<float>(source, first_step);
///     for (index step = first_step; step < last_step; ++step) use(ahead.next());
///
/// `Source` is `batches`, or anything with make<T>() and fill(step, batch). Two batches are all the memory;
/// nothing is allocated after the start.
template <class T, class Source> class prefetcher {
public:
    using batch_type = decltype(std::declval<const Source&>().template make<T>());

    /// Starts preparing the batches first, first + 1, ...
    explicit prefetcher(Source source, index first = 0)
        : m_source(std::move(source)),
          m_batches{m_source.template make<T>(), m_source.template make<T>()},
          m_first(first),
          m_thread([this] { work(); }) {}

    /// Waits for the batch that is being prepared, if any.
    ~prefetcher() {
        {
            const std::lock_guard lock(m_mutex);
            m_stop = true;
        }
        m_changed.notify_all();
        m_thread.join();
    }
    prefetcher(const prefetcher&) = delete;
    prefetcher& operator=(const prefetcher&) = delete;

    /// The next batch, valid until the next call. Rethrows what the source threw while it prepared this
    /// batch; so does every later call. To be called from one thread at a time.
    const batch_type& next() {
        std::unique_lock lock(m_mutex);
        ++m_taken;
        m_changed.notify_all();
        m_changed.wait(lock, [this] { return m_filled >= m_taken || m_failure; });
        if (m_filled < m_taken) std::rethrow_exception(m_failure);
        return slot(m_taken - 1);
    }

private:
    batch_type& slot(index i) { return m_batches[static_cast<std::size_t>(i % 2)]; }

    void work() {
        for (index i = 0;; ++i) {
            {
                // Batch i takes the place of batch i - 2, which is free once batch i - 1 has been asked for.
                std::unique_lock lock(m_mutex);
                m_changed.wait(lock, [&] { return m_stop || m_taken >= i; });
                if (m_stop) return;
            }
            std::exception_ptr failure;
            try {
                m_source.fill(m_first + i, slot(i));
            } catch (...) { failure = std::current_exception(); }
            {
                const std::lock_guard lock(m_mutex);
                if (failure)
                    m_failure = std::move(failure);
                else
                    m_filled = i + 1;
                m_stop = m_stop || m_failure;
            }
            m_changed.notify_all();
        }
    }

    Source m_source;
    std::array<batch_type, 2> m_batches;
    index m_first;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    index m_taken = 0;  ///< batches asked for; the last of them is in use
    index m_filled = 0; ///< batches prepared
    bool m_stop = false;
    std::exception_ptr m_failure;
    std::thread m_thread; // the last member: it uses all the others
};

/// A prefetcher of batches of T from `source`, beginning with batch `first`.
template <class T, class Source> prefetcher<T, Source> prefetch(Source source, index first = 0) {
    return prefetcher<T, Source>(std::move(source), first);
}

} // namespace strata::data
