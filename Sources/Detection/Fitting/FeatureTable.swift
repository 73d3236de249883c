/// Features of images: a row an image, a column a feature, rows one after another.
package struct FeatureTable: Sendable, Equatable {
  package let columns: Int
  /// `[rows, columns]`.
  package private(set) var values: [Float]

  /// - Parameter values: `[rows, columns]`; a multiple of `columns`, which is at least 1.
  package init(columns: Int, values: [Float] = []) {
    precondition(columns > 0 && values.count % columns == 0)
    self.columns = columns
    self.values = values
  }

  /// - Parameter rows: of equal length, at least one.
  package init(_ rows: [[Float]]) {
    self.init(columns: rows.first?.count ?? 1, values: rows.flatMap { $0 })
  }

  package var rows: Int { values.count / columns }

  package subscript(row: Int) -> ArraySlice<Float> { values[row * columns..<(row + 1) * columns] }

  /// - Parameter row: `columns` values.
  package mutating func append(_ row: some Collection<Float>) {
    precondition(row.count == columns)
    values.append(contentsOf: row)
  }

  package mutating func reserve(rows: Int) { values.reserveCapacity(rows * columns) }

  /// These rows, in this order.
  package func subset(_ rows: some Sequence<Int>) -> FeatureTable {
    var result = FeatureTable(columns: columns)
    for row in rows { result.values.append(contentsOf: self[row]) }
    return result
  }

  /// Whether every value of the row is a finite number.
  package func isFinite(_ row: Int) -> Bool { self[row].allSatisfy(\.isFinite) }

  /// Calls with the place of a row's first value.
  func withRow<Result>(_ row: Int, _ body: (UnsafePointer<Float>) throws -> Result) rethrows -> Result {
    try values.withUnsafeBufferPointer { try body($0.baseAddress! + row * columns) }
  }
}

/// A number for a row of features; higher is odder.
package protocol RowScorer: Sendable {
  /// - Parameter row: as many values as there were columns in the fit.
  /// - Returns: not a number where a value of the row is none.
  func score(_ row: ArraySlice<Float>) -> Double
}

extension RowScorer {
  package func scores(_ table: FeatureTable) -> [Double] { (0..<table.rows).map { score(table[$0]) } }
}
