import Foundation

/// How much memory there is for this process.
enum MemoryLimit {
  /// Bytes: the machine's memory, or less where the control group or the process's own limit says so.
  static let bytes = ([machine, process] + groups).compactMap { $0 }.min() ?? .max

  private static var machine: Int? {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    return pages > 0 && size > 0 ? pages * size : nil
  }

  private static var process: Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { return nil }
    return Int(exactly: limit.rlim_cur)
  }

  /// Version 2's file and version 1's; "max" and version 1's largest number are no limits.
  private static var groups: [Int?] {
    ["memory.max", "memory/memory.limit_in_bytes"].map { name in
      guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/\(name)", encoding: .utf8) else {
        return nil
      }
      return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }
}
