import ArgumentParser
import Detection
import Foundation
import Images
import ScoreModel
import Surprisal
import Tensors

/// One class left out of the population, then looked for: the hardest outliers there are.
struct LeftOutBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leftout", abstract: "Trains without a class of Fashion-MNIST and tells it from the rest.")

  @Option(help: "Folder with Fashion-MNIST's four IDX files.") var data = "/usr/share/datasets/fashion-mnist"
  @Option(parsing: .upToNextOption, help: "Classes, each left out in turn.") var classes = [1, 5, 8]
  @Option(help: "Training steps.") var steps = 2000
  @Option(help: "Test images of either kind.") var limit = 1000

  private static let names = [
    "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
  ]

  func run() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "left-out-\(UUID().uuidString)"
    ).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var columns: [String] = []
    for left in classes {
      try split("train", folder) { $0 != left }
      try split("t10k", folder) { $0 != left }
      var training = Training(shape: ImageShape(height: 28, width: 28, channels: 1))
      training.preset = .tiny
      training.options.steps = steps
      training.options.learningRate = 2e-3
      let model = try training.run(["\(folder)/train-ubyte"]) { _ in }
      guard let model else { return }
      var evaluation = try Evaluation(model, evaluations: 16)
      evaluation.limit = limit
      let known = try evaluation.score(.init(name: "rest", paths: ["\(folder)/t10k-ubyte"]))
      try split("t10k", folder) { $0 == left }
      let odd = try evaluation.score(.init(name: "left out", paths: ["\(folder)/t10k-ubyte"]))
      let found = evaluation.separations(of: known, from: odd)
      // Eyes stay with one class and not with another.
      if columns != found.map(\.statistic) {
        columns = found.map(\.statistic)
        print(row("AUROC", columns))
      }
      print(row("without \(Self.names[left])", found.map { String(format: "%.4f", $0.separation.auroc) }))
    }
  }

  private func row(_ name: String, _ values: [String]) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      text.padding(toLength: width, withPad: " ", startingAt: 0)
    }
    return padded(name, 24) + values.map { padded($0, 12) }.joined()
  }

  /// Writes the images of some classes as `folder/NAME-ubyte`.
  private func split(_ name: String, _ folder: String, _ keeps: (Int) -> Bool) throws {
    let images = try IDXFile(path: "\(data)/\(name)-images-idx3-ubyte.gz")
    // A label file has one dimension, which IDXFile does not take; gzip's own tool unpacks it.
    let labels = try Self.labels("\(data)/\(name)-labels-idx1-ubyte.gz", folder)
    let kept = labels.indices.filter { keeps(Int(labels[$0])) }
    var bytes = Data([0, 0, 8, 3])
    for size in [kept.count, images.height, images.width] {
      withUnsafeBytes(of: UInt32(size).bigEndian) { bytes.append(contentsOf: $0) }
    }
    for index in kept { bytes.append(contentsOf: try images[index].pixels) }
    try bytes.write(to: URL(fileURLWithPath: "\(folder)/\(name)-ubyte"))
  }

  private static func labels(_ path: String, _ folder: String) throws -> [UInt8] {
    let output = "\(folder)/labels"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "gunzip -c \"$1\" > \"$2\"", "sh", path, output]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw ValidationError("\(path): cannot be unpacked") }
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: output)).dropFirst(8))
  }
}
