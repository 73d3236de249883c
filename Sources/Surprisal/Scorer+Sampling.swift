import Diffusion
import Foundation
import Images
import Synchronization

/// How images are drawn unless asked otherwise.
public enum Sampling {
  /// s of the family: the reverse SDE.
  public static let stochasticity = 1.0
  public static let steps = 64
  public static let seed: UInt64 = 0
}

/// Images drawn, and the way that some of them came.
public struct Samples: Sendable {
  public let images: ImageBatch
  /// The first images on their way, from noise to what they became: a batch a frame. Empty where none was to be followed.
  ///
  /// Shown is the noisy state itself, drawn towards the population's mean so that noise and image together always spread as
  /// images do: sigma_d / sqrt(sigma_d^2 + sigma^2) of its distance. Frames are spaced by the angle whose tangent is
  /// sigma / sigma_d, which gives levels that show something most of them.
  public let trajectory: [ImageBatch]
}

extension Scorer {
  /// Images drawn side by side: beyond it memory would hold more noise for nothing.
  private static let samplesAtOnce = 256

  /// Draws images by reverse diffusion; each is a function of the seed and its index alone.
  ///
  /// - Parameters:
  ///   - stochasticity: s of the family: 0 the ODE, 1 the reverse SDE.
  ///   - steps: of the noise-level grid, at least 2.
  ///   - progress: told how many steps of how many are done, of all images together.
  /// - Throws: `EngineError`; `SurprisalError.noNumbers` from weights that overflow.
  public func sample(
    _ count: Int, stochasticity: Double = Sampling.stochasticity, steps: Int = Sampling.steps,
    seed: UInt64 = Sampling.seed, progress: @Sendable (Int, Int) -> Void = { _, _ in }
  ) throws -> ImageBatch {
    try samples(
      count, following: 0, stochasticity: stochasticity, steps: steps, seed: seed, progress: progress
    ).images
  }

  /// Draws the same images, and follows the first on their way.
  ///
  /// - Parameters:
  ///   - followed: how many images are followed.
  ///   - frames: at most so many; fewer where the steps are.
  public func samples(
    _ count: Int, following followed: Int, frames: Int = 40, stochasticity: Double = Sampling.stochasticity,
    steps: Int = Sampling.steps, seed: UInt64 = Sampling.seed,
    progress: @Sendable (Int, Int) -> Void = { _, _ in }
  ) throws -> Samples {
    let diffusion = ReverseDiffusion(
      steps: steps, range: model.range, stochasticity: stochasticity, seed: seed)
    let spread = Double(model.preconditioning.deviation)
    let course = Course(
      followed: min(followed, count),
      places: Self.places(of: diffusion.sigmas, spread: spread, frames: frames),
      shape: model.shape)
    let done = Mutex(0)
    let all = count * diffusion.sigmas.count
    var images: [Float] = []
    for part in stride(from: 0, to: count, by: Self.samplesAtOnce) {
      let size = min(Self.samplesAtOnce, count - part)
      images += try map(size) { [start = model.moments.mean] range, networks in
        let indices = part + range.lowerBound..<part + range.upperBound
        return try diffusion.sample(
          indices, from: networks.denoiser(), start: start,
          watch: { place, noisy in
            course.take(noisy, of: indices, at: place, start, sigma: diffusion.sigmas[place], spread: spread)
          },
          progress: { _, _ in
            done.withLock {
              $0 += range.count
              progress($0, all)
            }
          })
      }
    }
    guard !images.contains(where: \.isNaN) else { throw SurprisalError.noNumbers(what: "samples") }
    let drawn = ImageBatch(shape: model.shape, pixels: images.map(Self.level))
    let way = course.batches
    return Samples(images: drawn, trajectory: way.isEmpty ? [] : way + [drawn.prefix(course.followed)])
  }

  /// Places of the levels that are shown: evenly spaced in the angle atan(sigma / sigma_d), each once.
  static func places(of sigmas: [Double], spread: Double, frames: Int) -> [Int] {
    let angles = sigmas.map { atan($0 / spread) }
    guard let first = angles.first, let last = angles.last, frames > 1 else { return [] }
    let chosen = (0..<frames - 1).compactMap { frame -> Int? in
      let wanted = first + (last - first) * Double(frame) / Double(frames - 1)
      return angles.indices.min { abs(angles[$0] - wanted) < abs(angles[$1] - wanted) }
    }
    return Set(chosen).sorted()
  }

  fileprivate static func level(_ value: Float) -> UInt8 {
    UInt8(min(max(((value + 1) * 127.5).rounded(), 0), 255))
  }
}

/// Collects states of the first images from the threads that draw them.
private final class Course: Sendable {
  let followed: Int
  private let places: [Int]
  private let shape: ImageShape
  /// Pixels of each frame, its images in order.
  private let frames: Mutex<[[UInt8]]>

  init(followed: Int, places: [Int], shape: ImageShape) {
    self.followed = followed
    self.places = followed > 0 ? places : []
    self.shape = shape
    frames = Mutex(self.places.map { _ in [UInt8](repeating: 0, count: followed * shape.count) })
  }

  func take(
    _ noisy: [Float], of indices: Range<Int>, at place: Int, _ mean: [Float], sigma: Double, spread: Double
  ) {
    guard indices.lowerBound < followed, let frame = places.firstIndex(of: place) else { return }
    let wanted = indices.clamped(to: 0..<followed)
    let share = Float(spread / (spread * spread + sigma * sigma).squareRoot())
    let d = shape.count
    let pixels = (0..<wanted.count * d).map { index -> UInt8 in
      let middle = mean[index % d]
      let shown = middle + share * (noisy[index] - middle)
      return shown.isNaN ? 0 : Scorer.level(shown)
    }
    frames.withLock {
      $0[frame].replaceSubrange(wanted.lowerBound * d..<wanted.upperBound * d, with: pixels)
    }
  }

  var batches: [ImageBatch] { frames.withLock { $0.map { ImageBatch(shape: shape, pixels: $0) } } }
}
