import Foundation
import Images
import ScoreModel
import Tensors
import Testing

@testable import Surprisal

/// A population of the smallest size: bright discs on black, and a model trained on some.
enum Discs {
  static let shape = ImageShape(height: 16, width: 16, channels: 1)
  /// One thread: what is tested here does not depend on how many.
  static let compute = Compute(threads: 1)

  static func disc(_ random: inout RandomSource) -> Bitmap {
    let (cx, cy, r) = (4 + 8 * random.uniform(), 4 + 8 * random.uniform(), 2 + 3 * random.uniform())
    return Bitmap(
      shape: shape,
      pixels: (0..<256).map { i in
        let distance = (pow(Double(i % 16) - cx, 2) + pow(Double(i / 16) - cy, 2)).squareRoot()
        return UInt8(255 * min(max(r - distance + 0.5, 0), 1))
      })
  }

  static func discs(_ count: Int, seed: UInt64) -> ImageBatch {
    var random = RandomSource(seed: seed)
    return ImageBatch(shape: shape, images: (0..<count).map { _ in disc(&random) })
  }

  /// What does not belong.
  static let checks = Bitmap(
    shape: shape, pixels: (0..<256).map { ($0 % 16 / 2 + $0 / 32) % 2 == 0 ? 40 : 200 })

  /// Runs `body` with a folder of its own.
  static func withFolder<R>(_ body: (String) throws -> R) throws -> R {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("surprisal-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: path) }
    return try body(path.path)
  }

  static func write(_ image: Bitmap, to path: String) throws {
    try image.png().write(to: URL(fileURLWithPath: path))
  }

  /// Nine discs, checks, and what is no image, in a folder.
  static func mixed(in folder: String) throws -> String {
    let mixed = "\(folder)/mixed"
    try FileManager.default.createDirectory(atPath: mixed, withIntermediateDirectories: true)
    let some = discs(9, seed: 77)
    for index in some.indices { try write(some[index], to: "\(mixed)/\(index).png") }
    try write(checks, to: "\(mixed)/odd.png")
    try Data("no image".utf8).write(to: URL(fileURLWithPath: "\(mixed)/bad.png"))
    return mixed
  }

  /// A folder of discs to train on, and a training of some steps on it.
  static func training(_ folder: String, steps: Int) throws -> Training {
    let some = discs(400, seed: 6)
    for index in some.indices { try write(some[index], to: "\(folder)/\(1000 + index).png") }
    var training = Training(shape: shape)
    training.preset = .tiny
    training.options.steps = steps
    training.options.learningRate = 2e-3
    training.options.precision = .float32
    training.validationShare = 0.4
    training.validations = 2
    training.checkpoint = "\(folder)/x.checkpoint"
    return training
  }

  /// A model of discs with what it validated as it learned, trained once for all tests.
  static let trained = Result {
    try withFolder { folder in
      var bits: [Double] = []
      let model = try training(folder, steps: 120).run([folder], compute: compute) { event in
        if case .validated(_, let value, _) = event { bits.append(value) }
      }
      return (model: try #require(model), bits: bits)
    }
  }

  static func model() throws -> Model { try trained.get().model }
}
