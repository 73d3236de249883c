import Foundation

@testable import Files

/// Calls `body` with a new folder, and removes it with all in it, however odd or deep.
func withScratch<Result>(_ body: (FilePath) throws -> Result) throws -> Result {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("surprisal-\(UUID().uuidString)")
    .path
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer {
    let removal = Process()
    removal.executableURL = URL(fileURLWithPath: "/bin/rm")
    removal.arguments = ["-rf", path]
    try? removal.run()
    removal.waitUntilExit()
  }
  return try body(FilePath(path))
}

extension FilePath {
  func appending(_ name: String) -> FilePath { appending(Array(name.utf8)) }

  func makeFile(_ contents: String = "x") throws {
    let file = try open(O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
    guard
      contents.utf8.withContiguousStorageIfAvailable({ write(file.raw, $0.baseAddress, $0.count) }) ?? 0
        == contents.utf8.count
    else { throw SystemError.latest }
  }

  func makeFolder() throws {
    guard withCString({ mkdir($0, 0o755) }) == 0 else { throw SystemError.latest }
  }

  func makeLink(to target: String) throws {
    guard withCString({ symlink(target, $0) }) == 0 else { throw SystemError.latest }
  }

  var contents: String {
    get throws {
      let file = try open(O_RDONLY)
      var bytes = [UInt8](repeating: 0, count: Int(try file.status().st_size))
      _ = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
      return String(decoding: bytes, as: UTF8.self)
    }
  }
}
