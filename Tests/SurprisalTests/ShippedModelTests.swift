import Diffusion
import Foundation
import Images
import ScoreModel
import Synchronization
import Tensors
import Testing

@testable import Surprisal

/// Laws that the shipped model's numbers must obey.
@Suite(.serialized)
struct ShippedModelTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL.path

  static func model() throws -> Model { try Model(path: "\(root)/models/fashion-mnist.safetensors") }

  /// The first clothes of fixtures/.
  static func clothes(_ count: Int) throws -> ImageBatch {
    ImageBatch(
      shape: ImageShape(height: 28, width: 28, channels: 1),
      images: try (0..<count).map { index in
        try ImageDecoder().decode(path: "\(root)/fixtures/clothes/\(String(format: "%02d", index)).png")
          .converted(toChannels: 1)
      })
  }

  @Test("At 16 evaluations the 95 % interval holds the long-run mean 92 to 98 % of the time")
  func coverage() throws {
    let model = try Self.model()
    let images = try Self.clothes(4)
    let denoiser = try model.denoiser(engine: try Engine(threads: 1), batch: 4)
    let control = try #require(model.control)
    // 480 intervals: three standard deviations of the share are 3 %.
    let seeds = 120
    let estimates = try (0..<seeds).map { seed in
      try LogProbability(
        range: model.range, quadrature: .placed(8, by: control.survey), replicates: 2,
        noise: CommonNoise(seed: UInt64(seed)), moments: model.moments, control: control
      ).estimate(images, under: denoiser)
    }
    var held = 0
    for image in 0..<4 {
      let mean = estimates.reduce(0) { $0 + $1[image].bitsPerDim } / Double(seeds)
      for estimate in estimates {
        let half = try #require(estimate[image].halfWidth())
        if abs(estimate[image].bitsPerDim - mean) <= half { held += 1 }
      }
    }
    let share = Double(held) / Double(4 * seeds)
    #expect(share >= 0.92 && share <= 0.98, "\(share)")
  }

  @Test("The map of a shipped estimate adds up to it, control variate and all")
  func mapAddsUp() throws {
    let scorer = try Scorer(Self.model(), evaluations: 16, compute: Compute(threads: 1))
    for estimate in try scorer.estimate(try Self.clothes(4), withMap: true) {
      // The map's parts pass through float32 transforms: some 1e-6 of a few bits.
      #expect(abs(estimate.map.reduce(0, +) / 784 - estimate.bitsPerDim) < 1e-3)
      #expect(abs(estimate.prior + estimate.integral + estimate.decoder - estimate.bitsPerDim) < 1e-9)
    }
  }

  @Test("An image scores the same alone on all threads and among many on one", arguments: Precision.supported)
  func poolChangesNothing(precision: Precision) throws {
    let scorer = try Scorer(
      Self.model(), evaluations: 8, compute: Compute(threads: 3, precision: precision))
    let images = try Self.clothes(8)
    let alone = try (0..<8).flatMap { try scorer.estimate(images[$0..<$0 + 1]) }
    #expect(try scorer.estimate(images) == alone)
    let together = try scorer.sample(4, steps: 4, seed: 1)
    #expect(try scorer.sample(2, steps: 4, seed: 1) == together.prefix(2))
  }

  @Test("A network made on one thread runs on another", arguments: Precision.supported)
  func threadOfItsMaking(precision: Precision) throws {
    let denoiser = Mutex(try Self.model().denoiser(engine: try Engine(threads: 1), precision: precision))
    let images = try Self.clothes(4).scaled
    let here = try denoiser.withLock { try $0.denoise(images, sigma: 0.1) }
    let there = Mutex<[Float]>([])
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      let found = denoiser.withLock { try? $0.denoise(images, sigma: 0.1) }
      there.withLock { $0 = found ?? [] }
      done.signal()
    }
    done.wait()
    #expect(there.withLock { $0 } == here)
  }

  @Test("The size of the network's batch changes no bit", arguments: Precision.supported, [4, 8, 16])
  func batchChangesNothing(precision: Precision, batch: Int) throws {
    let model = try Self.model()
    let engine = try Engine(threads: 1)
    let images = try Self.clothes(8).scaled
    for sigma: Float in [0.002, 0.1, 5] {
      var random = RandomSource(seed: 5)
      let noisy = zip(images, random.normal(images.count)).map { $0 + sigma * $1 }
      let some = try model.denoiser(engine: engine, precision: precision, batch: batch)
      let many = try model.denoiser(engine: engine, precision: precision, batch: 32)
      #expect(try some.denoise(noisy, sigma: sigma) == many.denoise(noisy, sigma: sigma))
    }
  }

  @Test("The network's input gradient is the derivative of its output")
  func inputGradient() throws {
    let model = try Self.model()
    let denoiser = try model.differentiableDenoiser(engine: try Engine(threads: 1), batch: 1)
    var random = RandomSource(seed: 4)
    let clean = try Self.clothes(1).scaled
    for sigma: Float in [0.05, 0.5] {
      let z = zip(clean, random.normal(784)).map { $0 + sigma * $1 }
      let v = random.normal(784)
      let u = random.normal(784)
      let gradient = try denoiser.pullBack(v, at: z, sigma: sigma).gradient
      let exact = zip(gradient, u).reduce(0.0) { $0 + Double($1.0 * $1.1) }
      let step: Float = 0.02 * sigma
      let above = try denoiser.denoise(zip(z, u).map { $0 + step * $1 }, sigma: sigma)
      let below = try denoiser.denoise(zip(z, u).map { $0 - step * $1 }, sigma: sigma)
      var numeric = 0.0
      for i in 0..<784 { numeric += Double((above[i] - below[i]) * v[i]) / Double(2 * step) }
      // Both are sums of 784 terms of either sign, of size about sqrt(784) * sqrt(784) / 28 = 28; the difference
      // quotient bends by some step^2 and the clipped inputs have corners: 3 %.
      #expect(abs(exact - numeric) < 0.03 * max(abs(exact), 28))
    }
  }
}
