import Foundation
import Testing

@testable import Tensors

struct ControlGroupTests {
  /// A system of these files.
  private func withRoot<R>(_ files: [String: String], _ body: (ControlGroup) throws -> R) throws -> R {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("groups-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (path, text) in files {
      let file = root.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return try body(ControlGroup(root: root.path))
  }

  @Test("Version 2: the tightest of a group's limits and those above it")
  func unified() throws {
    try withRoot([
      "proc/self/cgroup": "0::/pod/job\n", "sys/fs/cgroup/pod/job/cpu.max": "max 100000\n",
      "sys/fs/cgroup/pod/cpu.max": "50000 100000\n", "sys/fs/cgroup/pod/job/memory.max": "1073741824\n",
      "sys/fs/cgroup/pod/memory.max": "max\n",
    ]) { group in
      #expect(group.processors == 0.5)
      #expect(group.memory == 1 << 30)
    }
  }

  @Test("Version 1: quota over period, of the controller's own hierarchy")
  func legacy() throws {
    try withRoot([
      "proc/self/cgroup": "9:memory:/a\n8:cpu,cpuacct:/b\n",
      "sys/fs/cgroup/cpu/b/cpu.cfs_quota_us": "150000\n", "sys/fs/cgroup/cpu/b/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9223372036854771712\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "4096\n",
    ]) { group in
      #expect(group.processors == 1.5)
      #expect(group.memory == 4096)
    }
  }

  @Test("Inside a container, whose groups are named from outside, the root is its own")
  func container() throws {
    try withRoot([
      "proc/self/cgroup": "0::/../../elsewhere\n", "sys/fs/cgroup/cpu.max": "200000 100000\n",
    ]) { #expect($0.processors == 2) }
  }

  @Test("No groups, and what cannot be read, are no limits")
  func none() throws {
    try withRoot([:]) { #expect($0.processors == nil && $0.memory == nil) }
    try withRoot(["proc/self/cgroup": "nonsense\n0::/\n", "sys/fs/cgroup/cpu.max": "max\n"]) {
      #expect($0.processors == nil)
    }
    #expect(Engine.availableThreads >= 1)
  }
}
