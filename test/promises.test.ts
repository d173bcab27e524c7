/** Reads types: a promise whose failure nobody hears of would end the process. */
import assert from 'node:assert/strict';
import { relative, resolve } from 'node:path';
import { test } from 'node:test';
import type { Expression, Node } from 'typescript/unstable/ast';
import {
  isCallExpression,
  isExpressionStatement,
  isPropertyAccessExpression,
  isVoidExpression,
} from 'typescript/unstable/ast/is';
import { API, type Project } from 'typescript/unstable/sync';

/** Promises that a statement or `void` throws away; the linter sees the first and allows the second. */
function discarded({ program, checker }: Project): string[] {
  const wrong: string[] = [];
  for (const name of program.getSourceFileNames()) {
    const file = relative('.', name);
    if (!/^(src|guides)\//.test(file)) continue;
    const source = program.getSourceFile(name);
    const visit = (node: Node): void => {
      if (isVoidExpression(node) || (isExpressionStatement(node) && isCallExpression(node.expression))) {
        const { expression } = node;
        const type = checker.getTypeAtLocation(expression);
        const isPromise = type && checker.getPropertyOfType(type, 'then');
        if (isPromise && !isHandled(expression)) wrong.push(`${file}: ${node.getText().slice(0, 80)}`);
      }
      node.forEachChild(visit);
    };
    if (source) visit(source);
  }
  return wrong;
}

/** Its last word is `catch`, or `then` with two listeners. */
function isHandled(expression: Expression): boolean {
  if (!isCallExpression(expression) || !isPropertyAccessExpression(expression.expression)) return false;
  const { text } = expression.expression.name;
  return (
    (text === 'catch' && expression.arguments.length === 1) || (text === 'then' && expression.arguments.length === 2)
  );
}

test('no promise is discarded', () => {
  const api = new API();
  try {
    const [project] = api.updateSnapshot({ openProject: resolve('tsconfig.json') }).getProjects();
    assert.ok(project && project.program.getSourceFileNames().length > 100);
    assert.deepEqual(discarded(project), []);
  } finally {
    api.close();
  }
});
