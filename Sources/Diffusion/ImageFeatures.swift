import Foundation
import Images

/// Features of an image by place, channels last.
package struct FeatureMap: Sendable, Equatable {
  package let height: Int
  package let width: Int
  package let channels: Int
  /// `[height, width, channels]`.
  package let values: [Float]

  package init(height: Int, width: Int, channels: Int, values: [Float]) {
    precondition(values.count == height * width * channels)
    self.height = height
    self.width = width
    self.channels = channels
    self.values = values
  }

  /// Added to deviations before their logarithm is taken.
  private static let leastDeviation: Float = 1e-4

  /// Of each channel its mean over place, then the logarithm of its deviation: a small thing hardly moves the mean of all places.
  package var pooled: [Float] {
    let places = Float(height * width)
    var mean = [Float](repeating: 0, count: channels)
    var square = mean
    for start in stride(from: 0, to: values.count, by: channels) {
      for c in 0..<channels { mean[c] += values[start + c] / places }
    }
    for start in stride(from: 0, to: values.count, by: channels) {
      for c in 0..<channels {
        let difference = values[start + c] - mean[c]
        square[c] += difference * difference / places
      }
    }
    return mean + square.map { log($0.squareRoot() + Self.leastDeviation) }
  }
}

extension FeatureMap {
  /// Means over squares of places, the smallest that leave at most so many places; itself where it has no more.
  package func thinned(toAtMost most: Int) -> FeatureMap {
    let (rows, columns, step) = Self.thinned(height, width, toAtMost: most)
    guard step > 1 else { return self }
    var result = [Float](repeating: 0, count: rows * columns * channels)
    for y in 0..<height {
      let tall = min(step, height - y / step * step)
      for x in 0..<width {
        let share = 1 / Float(tall * min(step, width - x / step * step))
        let (from, to) = ((y * width + x) * channels, (y / step * columns + x / step) * channels)
        for c in 0..<channels { result[to + c] += share * values[from + c] }
      }
    }
    return FeatureMap(height: rows, width: columns, channels: channels, values: result)
  }

  fileprivate static func thinned(
    _ height: Int, _ width: Int, toAtMost most: Int
  ) -> (rows: Int, columns: Int, step: Int) {
    func count(_ length: Int, _ step: Int) -> Int { (length + step - 1) / step }
    var step = 1
    while count(height, step) * count(width, step) > max(most, 1) { step += 1 }
    return (count(height, step), count(width, step), step)
  }
}

/// What something that sees makes of an image: what statistics of sight judge by.
package struct ImageFeatures: Sendable, Equatable {
  /// Of the whole image.
  package let pooled: [Float]
  /// By place, the finest first; none where the source does not say where.
  package let maps: [FeatureMap]

  package init(pooled: [Float], maps: [FeatureMap]) {
    self.pooled = pooled
    self.maps = maps
  }

  package var form: FeatureForm {
    FeatureForm(
      pooled: pooled.count,
      maps: maps.map { FeatureForm.Map(height: $0.height, width: $0.width, channels: $0.channels) })
  }
}

/// How many features of which kind a source gives of every image.
package struct FeatureForm: Sendable, Equatable, Codable {
  package struct Map: Sendable, Equatable, Codable {
    package let height: Int
    package let width: Int
    package let channels: Int

    package init(height: Int, width: Int, channels: Int) {
      self.height = height
      self.width = width
      self.channels = channels
    }

    /// Places of such a map that was thinned (`FeatureMap.thinned`).
    package func grid(ofAtMost most: Int) -> (rows: Int, columns: Int) {
      let (rows, columns, _) = FeatureMap.thinned(height, width, toAtMost: most)
      return (rows, columns)
    }
  }

  package let pooled: Int
  package let maps: [Map]

  package init(pooled: Int, maps: [Map]) {
    self.pooled = pooled
    self.maps = maps
  }
}

/// Something that sees images: an encoder that a user brings, or a network's own way down. Use from one thread at a time.
package protocol FeatureSource: AnyObject {
  /// Of the images that it takes.
  var shape: ImageShape { get }
  /// What it gives of each.
  var form: FeatureForm { get }
  /// All that its features depend on beside the image.
  var fingerprint: String { get }
  /// - Parameter images: of `shape`.
  /// - Returns: as many.
  func features(of images: ImageBatch) throws -> [ImageFeatures]
}
