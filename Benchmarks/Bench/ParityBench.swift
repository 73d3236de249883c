import ArgumentParser
import Foundation
import ScoreModel
import Surprisal
import Tensors

/// What our network makes of noisy images, for Benchmarks/peers/twin.py to make the same of.
struct ParityDump: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parity",
    abstract: "Denoises images at several noise levels and writes what went in and came out.")

  @OptionGroup var subject: Subject
  @Option(help: "JSON file to write.") var output: String

  private struct Case: Encodable {
    struct Level: Encodable {
      let sigma: Float
      let noisy: [Float]
      let denoised: [Float]
    }
    /// Height, width, channels.
    let shape: [Int]
    let levels: [Level]
  }

  func run() throws {
    let (model, denoiser, images) = try subject.load()
    let shape = model.shape
    let clean = images.scaled
    var levels: [Case.Level] = []
    for (index, sigma) in [Float(0.001), 0.003, 0.01, 0.1, 1, 10, 80].enumerated() {
      var random = RandomSource(seed: 1, stream: UInt64(index))
      let noise = random.normal(clean.count)
      let noisy = zip(clean, noise).map { $0 + sigma * $1 }
      levels.append(
        .init(sigma: sigma, noisy: noisy, denoised: try denoiser.denoise(noisy, sigma: sigma)))
    }
    let found = Case(shape: [shape.height, shape.width, shape.channels], levels: levels)
    try JSONEncoder().encode(found).write(to: URL(fileURLWithPath: output))
  }
}
