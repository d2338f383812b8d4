#include "support/report.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "support/machine.hpp"

namespace bench {

namespace {

std::string joined(const std::string& a, const std::string& b) {
    return a.empty() || b.empty() ? a + b : a + "/" + b;
}

/// The members of a JSON object, one by one.
class object {
public:
    object& text(const char* name, const std::string& value) {
        key(name);
        m_line += '"';
        for (const char c : value) {
            if (c == '"' || c == '\\') m_line += '\\';
            m_line += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
        }
        m_line += '"';
        return *this;
    }
    object& text_if(const char* name, const std::string& value) {
        return value.empty() ? *this : text(name, value);
    }
    object& number(const char* name, double value, int decimals) {
        char digits[64];
        std::snprintf(digits, sizeof digits, "%.*f", decimals, value);
        key(name);
        m_line += digits;
        return *this;
    }
    void print() const {
        std::printf("%s}\n", m_line.c_str());
        std::fflush(stdout);
    }

private:
    std::string m_line;

    void key(const char* name) {
        m_line += m_line.empty() ? "{\"" : ",\"";
        m_line += name;
        m_line += "\":";
    }
};

} // namespace

void report::begin(int threads) {
    m_peak = peak_gflops(threads);
    if (m_options.json) {
        object line;
        line.text("peer", m_peer).text("case", "fma_peak").text("what", "peak").number("batch", 0, 0);
        line.number("threads", threads, 0).number("median_us", 0, 0).number("gflops", m_peak, 1).print();
    } else {
        std::printf("%s, %d thread%s: FMA peak %.1f GFLOP/s\n", m_peer.c_str(), threads,
                    threads > 1 ? "s" : "", m_peak);
    }
}

void report::add(const result& r) {
    const double gflops = r.time.median_us > 0 ? r.flop / r.time.median_us * 1e-3 : 0;
    const double gbs = r.time.median_us > 0 ? r.bytes / r.time.median_us * 1e-3 : 0;
    double percent = 0;
    if (r.flop > 0 && m_peak > 0) percent = 100 * gflops / m_peak;
    if (r.bytes > 0) percent = 100 * gbs / copy_gbs(r.threads, r.footprint > 0 ? r.footprint : r.bytes);
    if (m_options.json)
        json(r, gflops, gbs, percent);
    else
        row(r, gflops, gbs, percent);
}

void report::json(const result& r, double gflops, double gbs, double percent) const {
    object line;
    line.text("peer", m_peer).text("case", r.name).text("what", r.what).number("batch", r.batch, 0);
    line.number("threads", r.threads, 0).number("median_us", r.time.median_us, 2).number("gflops", gflops, 2);
    line.text_if("variant", joined(r.variant, m_options.tag)).text_if("model", r.model);
    line.number("min_us", r.time.min_us, 2).number("reps", static_cast<double>(r.time.calls), 0);
    if (r.flop > 0) line.number("pct_peak", percent, 1);
    if (r.bytes > 0) line.number("gbs", gbs, 2).number("pct_copy", percent, 1);
    line.text_if("impl", r.implementation).print();
}

void report::row(const result& r, double gflops, double gbs, double percent) {
    if (!m_has_header)
        std::printf("%-30s %-11s %5s %7s  %-18s %11s %11s %9s %7s\n", "case", "what", "batch", "threads",
                    "variant", "median us", "min us", "", "");
    m_has_header = true;
    std::printf("%-30s %-11s %5d %7d  %-18s %11.1f %11.1f", joined(r.name, r.model).c_str(), r.what.c_str(),
                r.batch, r.threads, joined(r.variant, m_options.tag).c_str(), r.time.median_us,
                r.time.min_us);
    if (r.flop > 0) std::printf(" %7.1f GFLOP/s %5.1f %% of peak", gflops, percent);
    if (r.bytes > 0) std::printf(" %7.1f GB/s %5.0f %% of copy", gbs, percent);
    std::printf("\n");
    std::fflush(stdout);
}

} // namespace bench
