import Dispatch
import Synchronization
import Tensors

/// Rows in parts that take turns: what judges a row was fitted on the parts that it is not in. Rows of one group, such as
/// copies of an image, are in one part, so that none is judged by its own double.
package struct CrossFit: Sendable, Equatable {
  /// The part each row is in.
  package let fold: [Int]
  package let folds: Int

  /// Parts there are unless said.
  package static let standard = 10

  /// Groups are dealt in an order drawn by a fixed seed, the largest first, each to the part that has fewest rows.
  ///
  /// - Parameters:
  ///   - groups: for each row the number of its group, such as `CopyGroups.first`.
  ///   - folds: at most as many as there are groups.
  package init(groups: [Int], folds: Int = standard) {
    var members: [Int: [Int]] = [:]
    var order: [Int] = []
    for (row, group) in groups.enumerated() {
      if members[group] == nil { order.append(group) }
      members[group, default: []].append(row)
    }
    var random = RandomSource(seed: 0x464F_4C44)
    order.shuffle(using: &random)
    // Sorting by size keeps the drawn order among equals, as ties are broken by it.
    let sorted = order.enumerated().sorted { a, b in
      let (x, y) = (members[a.element]?.count ?? 0, members[b.element]?.count ?? 0)
      return x != y ? x > y : a.offset < b.offset
    }
    self.folds = max(1, min(folds, order.count))
    var fold = [Int](repeating: 0, count: groups.count)
    var filled = [Int](repeating: 0, count: self.folds)
    for (_, group) in sorted {
      let least = filled.indices.min { filled[$0] < filled[$1] } ?? 0
      for row in members[group] ?? [] { fold[row] = least }
      filled[least] += members[group]?.count ?? 0
    }
    self.fold = fold
  }

  /// Groups are dealt in turn, as they come.
  ///
  /// - Parameter folds: at most as many as there are groups.
  package init(inTurn groups: [Int], folds: Int = standard) {
    var place: [Int: Int] = [:]
    for group in groups where place[group] == nil { place[group] = place.count }
    let folds = max(1, min(folds, place.count))
    self.folds = folds
    fold = groups.map { (place[$0] ?? 0) % folds }
  }

  /// Every row a group of its own.
  package init(rows: Int, folds: Int = standard) { self.init(groups: Array(0..<rows), folds: folds) }

  /// Rows of each part.
  package var parts: [[Int]] {
    var parts = [[Int]](repeating: [], count: folds)
    for (row, fold) in fold.enumerated() { parts[fold].append(row) }
    return parts
  }

  /// A score for each row, by what is fitted on the other parts' rows that may be fitted on.
  ///
  /// - Parameters:
  ///   - kept: whether each row may be fitted on; nil where all may.
  ///   - fit: of the rows of these numbers, ascending. Called on any thread.
  ///   - score: of one row.
  package func scores<Fitted>(
    fittingOn kept: [Bool]? = nil, fit: @Sendable ([Int]) -> Fitted, score: @Sendable (Fitted, Int) -> Double
  ) -> [Double] {
    perFold { part, rows in
      let others = fold.indices.filter { fold[$0] != part && kept?[$0] != false }
      let fitted = fit(others)
      return rows.map { score(fitted, $0) }
    }
  }

  /// Scores of each part's rows, on all threads.
  func perFold(_ body: @Sendable (_ part: Int, _ rows: [Int]) -> [Double]) -> [Double] {
    let parts = parts
    let found = Mutex([Double](repeating: .nan, count: fold.count))
    DispatchQueue.concurrentPerform(iterations: folds) { part in
      let scores = body(part, parts[part])
      found.withLock { found in for (row, score) in zip(parts[part], scores) { found[row] = score } }
    }
    return found.withLock { $0 }
  }

  /// Which rows remain where the oddest are dropped; rows whose score is no number are always.
  /// - Parameter share: of the rows, dropped.
  package static func keeping(_ scores: [Double], dropping share: Double) -> [Bool] {
    let numbers = scores.indices.filter { !scores[$0].isNaN }
    let count = Int(((1 - share) * Double(numbers.count)).rounded(.up))
    var kept = [Bool](repeating: false, count: scores.count)
    let order = numbers.sorted { scores[$0] != scores[$1] ? scores[$0] < scores[$1] : $0 < $1 }
    for row in order.prefix(count) { kept[row] = true }
    return kept
  }
}

extension CrossFit {
  /// Sums over the kept rows of each part, and over all.
  func moments(_ table: FeatureTable, fittingOn kept: [Bool]) -> (each: [Moments], total: Moments) {
    let origin = Moments.origin(table, kept.indices.filter { kept[$0] })
    let parts = parts
    let found = Mutex([Moments](repeating: Moments(origin: origin), count: folds))
    DispatchQueue.concurrentPerform(iterations: folds) { part in
      var own = Moments(origin: origin)
      own.add(table, parts[part].filter { kept[$0] })
      found.withLock { [own] in $0[part] = own }
    }
    let each = found.withLock { $0 }
    return (each, each.dropFirst().reduce(into: each[0]) { $0 += $1 })
  }
}

extension ShrunkGaussian {
  /// Scores of all rows, each by the Gaussian of the other parts' kept rows. Products are summed once a part and not once
  /// for every part that others are fitted on.
  /// - Parameter kept: rows to fit on; their values are finite.
  package static func crossFitted(
    _ table: FeatureTable, by split: CrossFit, fittingOn kept: [Bool], shrinkage: Double? = nil
  ) -> [Double] {
    let (each, total) = split.moments(table, fittingOn: kept)
    return split.perFold { part, rows in
      var others = total
      others -= each[part]
      let fitted = ShrunkGaussian(fitting: others, shrinkage: shrinkage)
      return rows.map { fitted.score(table[$0]) }
    }
  }
}
