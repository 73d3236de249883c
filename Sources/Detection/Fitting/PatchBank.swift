import Dispatch
import Foundation
import Synchronization
import Tensors

/// Patches of ordinary images, a bounded number that leaves none of the others far from all: what patches of new images are
/// compared with.
///
/// Each part of the images (`CrossFit`) has patches of its own, chosen among its own alone: an image is judged by those of the other
/// parts, and so is a new one by those of all parts but the first, so that both meet as many.
package struct PatchBank: Sendable, Equatable {
  package let columns: Int
  /// Patches of each part, one part after another, `[N, columns]`.
  package let values: [Float]
  /// Patches of each part.
  package let counts: [Int]
  /// Of each patch, its squared length.
  private let squares: [Float]

  /// Patches in all that a bank holds.
  package static let most = 4096
  /// Patches of a part that these are chosen among.
  static let candidates = 1 << 16
  /// Dimensions in which they are chosen: random projections keep distances well enough for that (Johnson and Lindenstrauss 1984).
  static let projected = 32

  package init(columns: Int, values: [Float], counts: [Int]) {
    precondition(columns > 0 && values.count == counts.reduce(0, +) * columns)
    self.columns = columns
    self.values = values
    self.counts = counts
    squares = stride(from: 0, to: values.count, by: columns).map { start in
      values[start..<start + columns].reduce(0) { $0 + $1 * $1 }
    }
  }

  package var count: Int { squares.count }

  /// - Parameters:
  ///   - parts: images of each part, by number.
  ///   - most: patches in all.
  ///   - table: the patches of an image; called on any thread.
  package static func choosing(
    from parts: [[Int]], columns: Int, most: Int = most, table: @escaping @Sendable (Int) -> PatchTable
  ) -> PatchBank {
    let share = max(most / max(parts.count - 1, 1), 1)
    let found = Mutex([[Float]](repeating: [], count: parts.count))
    DispatchQueue.concurrentPerform(iterations: parts.count) { part in
      let all = pool(of: parts[part], seed: UInt64(part), columns: columns, table: table)
      let chosen = coreset(of: all, columns: columns, count: share)
      var values: [Float] = []
      values.reserveCapacity(chosen.count * columns)
      for row in chosen { values += all[row * columns..<(row + 1) * columns] }
      found.withLock { [values] in $0[part] = values }
    }
    let values = found.withLock { $0 }
    return PatchBank(
      columns: columns, values: Array(values.joined()), counts: values.map { $0.count / columns })
  }

  /// Patches of some images, of each as many, drawn at random where there are too many.
  private static func pool(
    of images: [Int], seed: UInt64, columns: Int, table: (Int) -> PatchTable
  ) -> [Float] {
    var random = RandomSource(seed: 0x5041_5443_4845, stream: seed)
    let each = max(candidates / max(images.count, 1), 1)
    var values: [Float] = []
    for image in images {
      let own = table(image)
      var places = Array(0..<own.count)
      if places.count > each {
        places.shuffle(using: &random)
        places = places.prefix(each).sorted()
      }
      for place in places { values += own.values[place * columns..<(place + 1) * columns] }
    }
    return values
  }

  /// Rows that leave no other far: each the farthest from those chosen before, from the first on (Gonzalez 1985; at most twice as far
  /// as the best choice leaves). Fewer where rows are the same.
  static func coreset(of values: [Float], columns: Int, count: Int) -> [Int] {
    let rows = values.count / columns
    guard rows > count else { return Array(0..<rows) }
    let points = projections(of: values, columns: columns)
    var nearest = [Float](repeating: .infinity, count: rows)
    var chosen: [Int] = []
    var next = 0
    points.withUnsafeBufferPointer { points in
      guard let base = points.baseAddress else { return }
      nearest.withUnsafeMutableBufferPointer { nearest in
        while chosen.count < count {
          chosen.append(next)
          let last = base + next * projected
          var far: (row: Int, square: Float) = (0, 0)
          for row in 0..<rows {
            let square = min(Self.square(base + row * projected, last), nearest[row])
            nearest[row] = square
            if square > far.square { far = (row, square) }
          }
          guard far.square > 0 else { break }
          next = far.row
        }
      }
    }
    return chosen.sorted()
  }

  /// Squared distance of two rows of `projected` values.
  @inline(__always)
  private static func square(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>) -> Float {
    var sums = SIMD8<Float>.zero
    for start in stride(from: 0, to: projected, by: 8) {
      let x = UnsafeRawPointer(a + start).loadUnaligned(as: SIMD8<Float>.self)
      let y = UnsafeRawPointer(b + start).loadUnaligned(as: SIMD8<Float>.self)
      let difference = x - y
      sums += difference * difference
    }
    return sums.sum()
  }

  /// On random directions, each row: `[rows, projected]`.
  private static func projections(of values: [Float], columns: Int) -> [Float] {
    var random = RandomSource(seed: 0x4A4F_484E)
    let directions = random.normal(projected * columns)
    let rows = values.count / columns
    var result = [Float](repeating: 0, count: rows * projected)
    let threads = Engine.threads
    Engine.threads = 1
    defer { Engine.threads = threads }
    result.withUnsafeMutableBufferPointer { target in
      if let base = target.baseAddress {
        // What fails leaves zeros: the first row alone is then chosen.
        try? MatrixProduct.ofRows(values, rows, directions, projected, width: columns, into: base)
      }
    }
    return result
  }

  // MARK: Distances

  /// Rows of the bank compared with at once: their products with an image's patches stay in the processor's cache.
  private static let block = 512

  /// Distance of each patch to the nearest of the bank; not a number where the product cannot be had.
  /// - Parameter part: whose patches are not compared with; nil for none.
  package func distances(_ patches: PatchTable, without part: Int? = nil) -> [Float] {
    precondition(patches.columns == columns)
    // On this thread alone: the same numbers to the last digit however many there are. Images are shared out instead.
    let threads = Engine.threads
    Engine.threads = 1
    defer { Engine.threads = threads }
    let own = stride(from: 0, to: patches.values.count, by: columns).map { start in
      patches.values[start..<start + columns].reduce(0) { $0 + $1 * $1 }
    }
    var least = [Float](repeating: .infinity, count: patches.count)
    var first = 0
    for (index, count) in counts.enumerated() {
      defer { first += count }
      guard index != part else { continue }
      for start in stride(from: first, to: first + count, by: Self.block) {
        let some = min(Self.block, first + count - start)
        guard nearer(patches, start..<start + some, &least) else {
          return [Float](repeating: .nan, count: patches.count)
        }
      }
    }
    return zip(own, least).map { max($0 + $1, 0).squareRoot() }
  }

  /// Lowers `least` to the squared distances of these rows, less the patches' own squares.
  private func nearer(_ patches: PatchTable, _ rows: Range<Int>, _ least: inout [Float]) -> Bool {
    let count = rows.count
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: patches.count * count) { products in
      guard let base = products.baseAddress else { return false }
      let went = values.withUnsafeBufferPointer { values -> Bool in
        guard let values = values.baseAddress else { return false }
        do {
          try MatrixProduct.ofRows(
            patches.values, patches.count, values + rows.lowerBound * columns, count, width: columns,
            into: base)
          return true
        } catch { return false }
      }
      guard went else { return false }
      squares.withUnsafeBufferPointer { squares in
        for place in 0..<patches.count {
          least[place] = Self.least(
            least[place], squares.baseAddress! + rows.lowerBound, base + place * count, count)
        }
      }
      return true
    }
  }

  /// The least of squares less twice the products, and of what there was.
  private static func least(
    _ known: Float, _ squares: UnsafePointer<Float>, _ products: UnsafePointer<Float>, _ count: Int
  ) -> Float {
    let whole = count & ~7
    var lanes = SIMD8<Float>(repeating: known)
    for start in stride(from: 0, to: whole, by: 8) {
      let a = UnsafeRawPointer(squares + start).loadUnaligned(as: SIMD8<Float>.self)
      let b = UnsafeRawPointer(products + start).loadUnaligned(as: SIMD8<Float>.self)
      let all = a - 2 * b
      // Not `pointwiseMin`, which goes lane by lane.
      lanes.replace(with: all, where: all .< lanes)
    }
    var least = lanes.min()
    for k in whole..<count { least = min(least, squares[k] - 2 * products[k]) }
    return least
  }

  /// Without a part's patches; the others are one part.
  package func without(_ part: Int) -> PatchBank {
    let start = counts[..<part].reduce(0, +) * columns
    let rest = Array(values[..<start] + values[(start + counts[part] * columns)...])
    return PatchBank(columns: columns, values: rest, counts: [rest.count / columns])
  }
}
