import ArgumentParser
import Detection
import Foundation
import Images
import Reports
import Surprisal
import Tensors

extension StatisticName: ExpressibleByArgument {}
extension ReportFormat: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
extension EvaluationBudget: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// Which model, and how it computes.
struct ModelOptions: ParsableArguments {
  @Option(help: "A model file, or the name of a shipped model.")
  var model = Self.shipped

  @Option(
    help:
      "Network evaluations an image, 1 to 4096, or auto: more only while a verdict is open. Needs calibration."
  )
  var evaluations: EvaluationBudget?

  /// A plain number of evaluations.
  /// - Throws: `ValidationError` for auto, which only verdicts can use.
  func count() throws -> Int? {
    switch evaluations {
    case .fixed(let count): return count
    case .auto: throw ValidationError("--evaluations auto is for scan, gate and calibrate: give a number")
    case nil: return nil
    }
  }

  @Option(
    help: """
      f32, f32-direct (no Winograd), or bf16 where the processor has it (default: the faster of f32 and bf16).
      """)
  var precision: Precision?

  @Option(help: "Threads for the network (default: all cores).")
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1") }
    if precision == .bfloat16, !Precision.hasBFloat16 {
      throw ValidationError("--precision bf16: this processor has no bfloat16 arithmetic")
    }
  }

  /// The model used where none is named.
  static let shipped = "fashion-mnist"

  func load() throws -> Model { try Self.load(model) }

  static func load(_ name: String) throws -> Model { try Model(path: try Model.locate(name, in: folders)) }

  func engine() throws -> Engine { try Engine(threads: threads) }

  func scorer(_ model: Model, evaluations: Int) throws -> Scorer {
    Scorer(model, evaluations: evaluations, precision: precision ?? .fastest, engine: try engine())
  }

  /// Where named models are looked up: $SURPRISAL_MODELS, the installed share folder, ./models.
  static var folders: [String] {
    var folders: [String] = []
    if let named = ProcessInfo.processInfo.environment["SURPRISAL_MODELS"], !named.isEmpty {
      folders.append(named)
    }
    if let binary = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      let bin = (binary as NSString).deletingLastPathComponent
      folders.append(
        ((bin as NSString).deletingLastPathComponent as NSString).appendingPathComponent(
          "share/surprisal/models"))
    }
    return folders + ["models"]
  }
}

/// What people see while a command runs: on standard error, nothing with --quiet.
struct OutputOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "No progress and no notes; errors only.")
  var quiet = false

  /// Colours are off where NO_COLOR is set and not empty (no-color.org).
  static var allowsColour: Bool { (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty }

  @Flag(help: "Also say what is being used: model, references, engine.")
  var verbose = false

  func detail(_ text: @autoclosure () -> String) {
    if verbose, !quiet { write(text() + "\n") }
  }

  func note(_ text: String) {
    if !quiet { write(text + "\n") }
  }

  func warn(_ text: String) { write("warning: \(text)\n") }

  /// Overwrites the line; only on a terminal.
  func progress(_ text: @autoclosure () -> String) {
    if !quiet, isatty(2) != 0 { write("\r\u{1B}[K" + text()) }
  }

  func progressDone() { progress("") }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// Images to work on: files, folders, IDX files, or lists from standard input.
struct PathOptions: ParsableArguments {
  @Argument(help: "Files, folders, IDX files (FILE#A-B for a range), or - for paths from standard input.")
  var paths: [String]

  @Flag(name: .customShort("0"), help: "With -, paths end in NUL instead of a line break.")
  var nul = false

  @OptionGroup var read: ReadingOptions

  func expanded() -> [String] { Self.expand(paths, nul: nul) }

  /// Paths with `-` replaced by those from standard input.
  static func expand(_ paths: [String], nul: Bool) -> [String] {
    paths.flatMap { path -> [String] in
      guard path == "-" else { return [path] }
      let input = FileHandle.standardInput.readDataToEndOfFile()
      return input.split(separator: nul ? 0 : 10).map { String(decoding: $0, as: UTF8.self) }
    }
  }
}

/// What may be read, and what of a damaged file is taken.
struct ReadingOptions: ParsableArguments {
  @Flag(
    help: "Take what a damaged file gives, with a warning in its record, instead of calling it unreadable.")
  var lenient = false

  @Flag(help: "Follow links out of the folders given.")
  var followSymlinks = false

  @Option(help: "Refuse images of more pixels (default \(ImageLimits().pixels)).")
  var maxPixels: Int?

  @Option(help: "Refuse larger files, in bytes (default \(ImageLimits().bytes)).")
  var maxBytes: Int?

  @Option(help: "Refuse images whose decoding holds more bytes at once (default \(ImageLimits().memory)).")
  var maxMemory: Int?

  func validate() throws {
    for (name, value) in [("pixels", maxPixels), ("bytes", maxBytes), ("memory", maxMemory)] {
      if let value, value < 1 { throw ValidationError("--max-\(name) must be at least 1") }
    }
  }

  var reading: ImageReading {
    var reading = ImageReading()
    reading.followsLinks = followSymlinks
    reading.decoder.isLenient = lenient
    if let maxPixels { reading.decoder.limits.pixels = maxPixels }
    if let maxBytes { reading.decoder.limits.bytes = maxBytes }
    if let maxMemory { reading.decoder.limits.memory = maxMemory }
    return reading
  }
}

/// Writes to standard output, or to a file that appears under its name only when whole.
final class Sink {
  private let handle: FileHandle
  private let path: String?
  private var buffer = Data()

  init(_ path: String?) throws {
    self.path = path
    guard let path else {
      handle = .standardOutput
      return
    }
    guard FileManager.default.createFile(atPath: path + ".partial", contents: nil),
      let handle = FileHandle(forWritingAtPath: path + ".partial")
    else { throw UsageError("\(path): cannot write: \(String(cString: strerror(errno)))") }
    self.handle = handle
  }

  func write(_ text: String) throws {
    buffer.append(Data(text.utf8))
    if buffer.count > 1 << 16 { try flush() }
  }

  private func flush() throws {
    try handle.write(contentsOf: buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  func finish() throws {
    try flush()
    guard let path else { return }
    try handle.close()
    guard rename(path + ".partial", path) == 0 else {
      throw UsageError("\(path): cannot write: \(String(cString: strerror(errno)))")
    }
  }
}

/// Writes a picture, atomically.
func writePNG(_ image: Bitmap, to path: String) throws {
  do { try image.png().write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
    throw UsageError("\(path): cannot write: \(error.localizedDescription)")
  }
}
