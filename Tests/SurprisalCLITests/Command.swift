import Foundation
import Testing

/// Tests of all commands, one process at a time: side by side, the memory of their networks would add up.
@Suite(.serialized) enum CommandTests {}

/// Tests of runs: where they read and write, how they end, what is kept of them and how several come to one. Another process at a time.
@Suite(.serialized) enum RunTests {}

/// The command as scripts see it.
enum Command {
  struct Outcome {
    let code: Int32
    let output: String
    let errors: String

    /// Objects of `--format jsonl`.
    var objects: [[String: Any]] {
      get throws {
        try output.split(separator: "\n").map { line in
          try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
      }
    }
  }

  /// The repository, where fixtures and the shipped model are.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL

  /// The binary built beside these tests.
  static let binary = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("surprisal")

  /// Runs it to its end in the repository's folder, on one thread: other targets' tests run beside.
  ///
  /// Its streams are files, so none can fill up and block, however much is written or left unread.
  ///
  /// - Parameter cache: the folder of its cache; nil for one of its own, so that nothing is known from another run.
  static func run(_ arguments: [String], input: Data = Data(), cache: String? = nil) throws -> Outcome {
    try run(binary, arguments, input: input, cache: cache)
  }

  /// Runs a script, `$1` and on its arguments: for what no string of ours can be.
  static func shell(_ script: String, _ arguments: String...) throws -> Outcome {
    try shell(script, arguments)
  }

  static func shell(_ script: String, _ arguments: [String]) throws -> Outcome {
    try run(URL(fileURLWithPath: "/bin/sh"), ["-c", script, "sh"] + arguments)
  }

  private static func run(
    _ program: URL, _ arguments: [String], input: Data = Data(), cache: String? = nil
  ) throws -> Outcome {
    try withFolder { folder in
      func stream(_ name: String, _ contents: Data = Data()) throws -> FileHandle {
        let url = URL(fileURLWithPath: "\(folder)/\(name)")
        try contents.write(to: url)
        return try FileHandle(forUpdating: url)
      }
      func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")), as: UTF8.self)
      }
      let process = Process()
      process.executableURL = program
      process.arguments = arguments
      process.currentDirectoryURL = root
      process.environment = environment(cache ?? "\(folder)/cache")
      process.standardInput = try stream("input", input)
      process.standardOutput = try stream("output")
      process.standardError = try stream("errors")
      try process.run()
      process.waitUntilExit()
      return Outcome(code: process.terminationStatus, output: try text("output"), errors: try text("errors"))
    }
  }

  /// Runs it until it says a word on standard error, then as if Ctrl-C were pressed.
  static func interrupt(
    _ arguments: [String], after word: String, cache: String = "/dev/null"
  ) throws -> Outcome {
    let process = Process()
    let errors = Pipe()
    process.executableURL = binary
    process.arguments = arguments
    process.currentDirectoryURL = root
    process.environment = environment(cache)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    var said = ""
    var isInterrupted = false
    while case let more = errors.fileHandleForReading.availableData, !more.isEmpty {
      said += String(decoding: more, as: UTF8.self)
      if !isInterrupted, said.contains(word) {
        process.interrupt()
        isInterrupted = true
      }
    }
    process.waitUntilExit()
    return Outcome(code: process.terminationStatus, output: "", errors: said)
  }

  private static func environment(_ cache: String) -> [String: String] {
    ProcessInfo.processInfo.environment.merging(
      ["OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "SURPRISAL_CACHE": cache]) { $1 }
  }

  static func run(_ arguments: String..., input: Data = Data()) throws -> Outcome {
    try run(arguments, input: input)
  }

  /// References that a model holds at a number of evaluations.
  static func references(_ model: String = "fashion-mnist", evaluations: Int) throws -> Int {
    let facts = try #require(try run("model", model, "--format", "json").objects.first)
    let calibrations = try #require(facts["calibrations"] as? [[String: Int]])
    return try #require(calibrations.first { $0["evaluations"] == evaluations }?["references"])
  }
}

/// A folder that is gone afterwards.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("surprisal-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: path) }
  return try body(path.path)
}

func fixture(_ name: String) throws -> Data {
  try Data(contentsOf: Command.root.appendingPathComponent("fixtures/\(name)"))
}

func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }
