--- The transcript is Markdown: highlighted by treesitter where its parser is, by the old syntax file elsewhere.
vim.treesitter.language.register('markdown', 'cass')
if not pcall(vim.treesitter.start, 0, 'markdown') then
  vim.bo.syntax = 'markdown'
end
