module.exports = { testMatch: ["<rootDir>/jest/*.test.cjs"] };
