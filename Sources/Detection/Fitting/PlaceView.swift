import Diffusion
import Tensors

/// What is kept of an encoder's maps to judge places by: on one grid of a bounded number of places, all channels, of as much spread
/// each, along the directions in which places of ordinary images vary most.
///
/// Directions are of all places at once: what a place's own Gaussian is to learn is in few numbers (`PlaceGaussians`), and those are
/// many for each place as it is.
package struct PlaceView: Sendable, Equatable {
  /// Of the channels of all maps.
  package let mean: [Float]
  /// What channels less their means are multiplied by, `[axes, channels]`.
  package let axes: [Float]

  /// Places of the grid at most.
  package static let mostPlaces = 256
  /// Directions: half as many as images, from 32 to 100. Of more than half, Gaussians of places would be of fewer images than they have
  /// directions (settled on made-up damage, docs/detection.md).
  private static func count(_ images: Int) -> Int { min(max(images / 2, 32), mostColumns) }
  private static let mostColumns = 100
  /// Numbers of an image at most.
  package static let most = mostPlaces * mostColumns
  /// Places, over all images, that directions are found among.
  private static let sample = 1 << 15

  package init(mean: [Float], axes: [Float]) { (self.mean, self.axes) = (mean, axes) }

  /// Numbers of a place.
  package var columns: Int { axes.count / max(mean.count, 1) }

  /// - Parameter images: maps of each, as many and as large of all, their values finite; at least one image.
  init(fitting images: [[FeatureMap]]) {
    let each = max(Self.sample / images.count, 1)
    let rows = inParallel(images.count) { image in
      let table = Self.table(images[image])
      let step = max(Double(table.count) / Double(each), 1)
      return stride(from: 0, to: Double(table.count), by: step).flatMap { place in
        table.values[Int(place) * table.columns..<(Int(place) + 1) * table.columns]
      }
    }
    let columns = images[0].reduce(0) { $0 + $1.channels }
    let all = Array(rows.joined())
    let scales = Self.scales(all, columns: columns)
    var scaled = all
    for k in scaled.indices { scaled[k] *= scales[k % columns] }
    let found = PrincipalComponents(
      fitting: FeatureTable(columns: columns, values: scaled), count: Self.count(images.count))
    var axes = found.axes
    for k in axes.indices { axes[k] *= scales[k % columns] }
    self.init(mean: zip(found.mean, scales).map { $0 / $1 }, axes: axes)
  }

  /// One over the deviation of each channel.
  private static func scales(_ values: [Float], columns: Int) -> [Float] {
    let n = Double(max(values.count / columns, 1))
    var (sums, squares) = ([Double](repeating: 0, count: columns), [Double](repeating: 0, count: columns))
    for (k, value) in values.enumerated() { sums[k % columns] += Double(value) }
    for (k, value) in values.enumerated() {
      let difference = Double(value) - sums[k % columns] / n
      squares[k % columns] += difference * difference
    }
    let variances = squares.map { $0 / n }
    // A channel that never differs stays what it is.
    let floor = max(variances.reduce(0, +) / Double(columns) * 1e-6, 1e-12)
    return variances.map { Float(1 / max($0, floor).squareRoot()) }
  }

  /// All channels by place.
  private static func table(_ maps: [FeatureMap]) -> PatchTable {
    let maps = maps.map { $0.thinned(toAtMost: mostPlaces) }
    return PatchTable(maps, scales: maps.map { _ in 1 }, reach: 0)
  }

  /// Of each place so many numbers, `[places, columns]`; not numbers where the product cannot be had.
  package func features(_ maps: [FeatureMap]) -> [Float] {
    let table = Self.table(maps)
    precondition(table.columns == mean.count)
    var centred = table.values
    for start in stride(from: 0, to: centred.count, by: mean.count) {
      for k in mean.indices { centred[start + k] -= mean[k] }
    }
    // On this thread alone: images are shared out instead.
    let threads = Engine.threads
    Engine.threads = 1
    defer { Engine.threads = threads }
    let count = table.count * columns
    return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = count
      guard let base = buffer.baseAddress else { return }
      do {
        try MatrixProduct.ofRows(centred, table.count, axes, columns, width: mean.count, into: base)
      } catch {
        buffer.update(repeating: .nan)
      }
    }
  }

  /// Whether it fits maps of these channels: tensors of a file may hold anything.
  package func isRegular(channels: Int) -> Bool {
    mean.count == channels && !axes.isEmpty && axes.count % channels == 0
  }
}
