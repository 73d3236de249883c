import Diffusion
import Images

/// What was seen of images, at most so many, evenly spread over those given.
///
/// Memory holds twice as many: when these are there every other one goes, and from then on so many more are passed over.
struct SeenImages {
  private(set) var estimates: [SurprisalEstimate] = []
  /// The same images in small, to find copies among.
  private(set) var small: ImageBatch
  /// Of the images at the source's size (`LearnedImages.hash`).
  private(set) var hashes: [UInt32] = []
  /// Images that there were.
  private(set) var given = 0

  private let most: Int
  private var step = 1
  private static let side = 64

  /// - Parameter shape: of the images.
  init(most: Int, shape: ImageShape) {
    self.most = most
    small = ImageBatch(
      shape: ImageShape(
        height: min(Self.side, shape.height), width: min(Self.side, shape.width), channels: shape.channels))
  }

  /// Counts another image, and says whether it is to be seen.
  mutating func wantsNext() -> Bool {
    defer { given += 1 }
    return given % step == 0
  }

  /// - Parameter images: those that were wanted.
  mutating func add(_ images: ImageBatch, by source: any FeatureSource) throws {
    estimates += try source.features(of: images).map { SurprisalEstimate(features: $0) }
    for index in images.indices {
      small.append(images[index].resampled(width: small.shape.width, height: small.shape.height))
      hashes.append(LearnedImages.hash(images.pixels(of: index)))
    }
    guard estimates.count >= 2 * most else { return }
    keep(Array(stride(from: 0, to: estimates.count, by: 2)))
    step *= 2
  }

  /// At most so many are left.
  mutating func finish() { if estimates.count > most { keep(small.places(spread: most)) } }

  private mutating func keep(_ places: [Int]) {
    estimates = places.map { estimates[$0] }
    hashes = places.map { hashes[$0] }
    small = small[places]
  }
}
