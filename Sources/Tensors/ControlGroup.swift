import Foundation

/// What the control groups say that this process is in: a container's limits, versions 1 and 2.
struct ControlGroup {
  /// In front of `/proc` and `/sys`; empty but in tests.
  var root = ""

  /// The contents of a file of every group that this process is in, its own and those above it.
  ///
  /// - Parameters:
  ///   - name: of the file in version 2.
  ///   - controller: of version 1, whose file is `legacy`.
  func texts(_ name: String, _ controller: String, _ legacy: String) -> [String] {
    let lines = (try? String(contentsOfFile: "\(root)/proc/self/cgroup", encoding: .utf8)) ?? "0::/"
    return lines.split(separator: "\n").flatMap { line -> [String] in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return [] }
      let isLegacy = !parts[1].isEmpty
      guard !isLegacy || parts[1].split(separator: ",").contains(Substring(controller)) else { return [] }
      let mounts = isLegacy ? [controller] : ["", "unified"]
      return mounts.flatMap { mount in
        Self.ancestors(String(parts[2])).compactMap { group in
          try? String(
            contentsOfFile: "\(root)/sys/fs/cgroup/\(mount)\(group)/\(isLegacy ? legacy : name)",
            encoding: .utf8)
        }
      }
    }
  }

  /// `/a/b`, `/a` and the root, which is empty.
  private static func ancestors(_ group: String) -> [String] {
    let names = group.split(separator: "/")
    return (0...names.count).reversed().map { names[..<$0].map { "/\($0)" }.joined() }
  }

  /// Bytes of memory; nil where there is no limit.
  var memory: Int? {
    // Version 1's largest number is no limit, and no machine has as much.
    texts("memory.max", "memory", "memory.limit_in_bytes")
      .compactMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }.min()
  }

  /// Processors' worth of time, such as 0.5; nil where there is no limit.
  var processors: Double? {
    let quotas = texts("cpu.max", "cpu", "cpu.cfs_quota_us")
    let periods = texts("cpu.max", "cpu", "cpu.cfs_period_us")
    return zip(quotas, periods).compactMap { quota, period in
      // Version 2 has both in one line: quota, period.
      guard let quota = quota.split(whereSeparator: \.isWhitespace).first.flatMap({ Double($0) }),
        let period = period.split(whereSeparator: \.isWhitespace).last.flatMap({ Double($0) }), quota > 0,
        period > 0
      else { return nil }
      return quota / period
    }.min()
  }
}
