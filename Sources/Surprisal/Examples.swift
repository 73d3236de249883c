import Detection
import Images

/// Some of the images that a model was fitted to, to show beside what it finds odd.
struct Examples: Sendable {
  let images: ImageBatch

  /// Images that a model keeps unless told otherwise.
  static let standard = 64
  /// More than anybody looks at, and what a file may hold.
  static let most = 1024

  init(_ images: ImageBatch) { self.images = images }

  /// Evenly over some images; nil for none.
  init?(_ count: Int, of images: ImageBatch) {
    guard count > 0, !images.isEmpty else { return nil }
    self.images = images.spread(min(count, Self.most))
  }

  // MARK: In a file

  /// Values of an image as a file keeps them: three bytes a number, which a 32-bit float holds exactly.
  static func numbers(_ shape: ImageShape) -> Int { (shape.count + 2) / 3 }

  /// `[N, numbers]`.
  var values: [Float] {
    images.indices.flatMap { index in
      let pixels = Array(images.pixels(of: index))
      return stride(from: 0, to: pixels.count, by: 3).map { start in
        (start..<start + 3).reduce(Float(0)) { $0 * 256 + Float($1 < pixels.count ? pixels[$1] : 0) }
      }
    }
  }

  /// - Returns: nil where values are none that `values` gives.
  init?(_ values: [Float], shape: ImageShape) {
    let width = Self.numbers(shape)
    guard !values.isEmpty, values.count % width == 0, values.count / width <= Self.most,
      values.allSatisfy({ $0 >= 0 && $0 < 16_777_216 && $0 == $0.rounded() })
    else { return nil }
    var images = ImageBatch(shape: shape)
    for start in stride(from: 0, to: values.count, by: width) {
      let pixels = values[start..<start + width].flatMap { value in
        let bytes = UInt32(value)
        return [UInt8(bytes >> 16), UInt8(bytes >> 8 & 255), UInt8(bytes & 255)]
      }
      images.append(Bitmap(shape: shape, pixels: Array(pixels.prefix(shape.count))))
    }
    self.images = images
  }
}

/// Finds the examples that images are most like, by what the model's network sees in them.
struct NearestExample {
  private let examples: Examples
  private let scorer: Scorer
  private let distance: FeatureDistance

  /// - Throws: `EngineError`.
  init(_ examples: Examples, of model: Model, compute: Compute) throws {
    self.examples = examples
    scorer = try Scorer(model, evaluations: 0, observing: [], compute: compute)
    distance = FeatureDistance(
      try scorer.estimate(examples.images) { _, _ in }.map { $0.appearance?.activations ?? [] })
  }

  /// - Throws: `EngineError`.
  func callAsFunction(to images: [Bitmap]) throws -> [Bitmap?] {
    let batch = ImageBatch(shape: examples.images.shape, images: images)
    return try scorer.estimate(batch).map { estimate in
      distance.nearest(to: estimate.appearance?.activations ?? []).map { examples.images[$0] }
    }
  }
}
