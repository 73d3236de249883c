import Dispatch
import Foundation
import Images
import Synchronization

/// The nearest images of each image, by the distance of their sketches.
struct Neighbours: Sendable {
  /// Squared distance of another image.
  struct Neighbour: Sendable {
    let image: Int32
    let square: Float
  }

  /// For each image, at most `most` others, nearest first.
  let nearest: [[Neighbour]]

  /// Compares all pairs, on all threads: two seconds for 10 000 images.
  init(_ images: [Bitmap], most: Int) {
    let count = images.count
    let width = Sketch.count / 16
    var sketches: [SIMD16<Float>] = []
    sketches.reserveCapacity(count * width)
    for image in images {
      let values = Sketch(image).values
      for k in 0..<width { sketches.append(SIMD16(values[16 * k..<16 * (k + 1)])) }
    }
    let found = Mutex([[Neighbour]](repeating: [], count: count))
    // Rows in small parts: the sketches of a part stay in the cache while all others stream by.
    let part = 16
    DispatchQueue.concurrentPerform(iterations: (count + part - 1) / part) { [sketches] index in
      let rows = index * part..<min((index + 1) * part, count)
      let lists = sketches.withUnsafeBufferPointer { Self.nearest(to: rows, in: $0, width, count, most) }
      found.withLock { found in for (row, list) in zip(rows, lists) { found[row] = list } }
    }
    nearest = found.withLock { $0 }
  }

  private static func nearest(
    to rows: Range<Int>, in sketches: UnsafeBufferPointer<SIMD16<Float>>, _ width: Int, _ count: Int,
    _ most: Int
  ) -> [[Neighbour]] {
    var lists = [[Neighbour]](repeating: [], count: rows.count)
    var limits = [Float](repeating: .infinity, count: rows.count)
    for other in 0..<count {
      for (place, row) in rows.enumerated() where row != other {
        var sums = SIMD16<Float>()
        for k in 0..<width {
          let difference = sketches[row * width + k] - sketches[other * width + k]
          sums += difference * difference
        }
        let square = sums.sum()
        guard square < limits[place] else { continue }
        var at = lists[place].count
        while at > 0, lists[place][at - 1].square > square { at -= 1 }
        lists[place].insert(Neighbour(image: Int32(other), square: square), at: at)
        if lists[place].count > most { lists[place].removeLast() }
        if lists[place].count == most { limits[place] = lists[place][most - 1].square }
      }
    }
    return lists
  }
}
