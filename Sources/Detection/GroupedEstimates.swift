import Diffusion

/// Estimates of images that statistics are fitted on, and which of the images go together, such as photographs of one thing or tiles of one
/// image: no split of theirs parts a group, so that nothing is judged by what its own double fitted.
package struct GroupedEstimates: RandomAccessCollection, Sendable {
  private let estimates: [SurprisalEstimate]
  /// For each the number of its group.
  package let groups: [Int]

  /// - Parameter groups: nil where no two go together.
  package init(_ estimates: [SurprisalEstimate], groups: [Int]? = nil) {
    self.estimates = estimates
    self.groups = groups ?? Array(estimates.indices)
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { estimates.count }
  package subscript(row: Int) -> SurprisalEstimate { estimates[row] }

  /// The first row of each group.
  package var representatives: [Int] {
    var seen: Set<Int> = []
    return indices.filter { seen.insert(groups[$0]).inserted }
  }

  /// Some of the rows.
  package func rows(_ rows: [Int]) -> Self {
    Self(rows.map { estimates[$0] }, groups: rows.map { groups[$0] })
  }

  /// Rows by whether they are in a part of a split.
  package func rows(of part: Int, in split: CrossFit) -> (own: Self, others: Self) {
    (rows(indices.filter { split.fold[$0] == part }), rows(indices.filter { split.fold[$0] != part }))
  }
}
